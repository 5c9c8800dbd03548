package sqlite

import (
	"encoding/binary"

	"github.com/tocsin-dev/tocsin/store"
)

// appendRefs encodes the refs of a record for its row.
func appendRefs(b []byte, refs []store.Ref) []byte {
	for _, r := range refs {
		for _, part := range [...]string{r.Tenant, r.Kind, r.Name} {
			b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
		}
	}
	return b
}

func parseRefs(b []byte) ([]store.Ref, error) {
	var refs []store.Ref
	for len(b) > 0 {
		var parts [3]string
		for i := range parts {
			n, width := binary.Uvarint(b)
			if width <= 0 || n > uint64(len(b)-width) {
				return nil, errDamaged
			}
			parts[i], b = string(b[width:width+int(n)]), b[width+int(n):]
		}
		refs = append(refs, store.Ref{Tenant: parts[0], Kind: parts[1], Name: parts[2]})
	}
	return refs, nil
}
