package sqlite

import (
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/tocsin-dev/tocsin/store"
)

// cursor is a position in an order by priority and key, or by key alone. It names a position and not a row, so a page can
// begin after a row that was deleted meanwhile. The priority is stored as in the column: 6 means none.
type cursor struct {
	priority uint8
	key      store.Key
}

func (c cursor) String() string {
	raw := []byte{c.priority}
	for _, part := range [...]string{c.key.Tenant, c.key.Kind} {
		raw = append(binary.AppendUvarint(raw, uint64(len(part))), part...)
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, c.key.ID...))
}

// parseCursor reads a cursor. An empty text is the position before all rows.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	bad := errors.New("sqlite: After is not a cursor of this store")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return cursor{}, bad
	}
	var parts [2]string
	rest := raw[1:]
	for i := range parts {
		n, width := binary.Uvarint(rest)
		if width <= 0 || n > uint64(len(rest)-width) {
			return cursor{}, bad
		}
		parts[i], rest = string(rest[width:width+int(n)]), rest[width+int(n):]
	}
	return cursor{raw[0], store.Key{Tenant: parts[0], Kind: parts[1], ID: string(rest)}}, nil
}
