package postgres

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// keys are parameters for unnest: one array for each part of the keys.
type keys struct{ tenant, kind, id []string }

func (k *keys) add(key store.Key) {
	k.tenant, k.kind, k.id = append(k.tenant, key.Tenant), append(k.kind, key.Kind), append(k.id, key.ID)
}

// links are pairs of refs and records, as parameters for unnest.
type links struct{ refs, records keys }

func (l *links) add(ref store.Ref, record store.Key) {
	l.refs.add(store.Key{Tenant: ref.Tenant, Kind: ref.Kind, ID: ref.Name})
	l.records.add(record)
}

func (l *links) args() []any {
	return []any{l.refs.tenant, l.refs.kind, l.refs.id, l.records.tenant, l.records.kind, l.records.id}
}

// name formats a key for error texts.
func name(k store.Key) string { return fmt.Sprintf("%q/%q/%q", k.Tenant, k.Kind, k.ID) }

func compareRefs(a, b store.Ref) int {
	return store.Key{Tenant: a.Tenant, Kind: a.Kind, ID: a.Name}.Compare(store.Key{Tenant: b.Tenant, Kind: b.Kind, ID: b.Name})
}

// writeRefs encodes the refs of a record as JSON, sorted and without duplicates, so that equal lists are equal texts. The
// record's row holds this text, for the next change or deletion of the record.
func writeRefs(refs []store.Ref) string {
	if len(refs) == 0 {
		return ""
	}
	sorted := slices.Clone(refs)
	slices.SortFunc(sorted, compareRefs)
	sorted = slices.Compact(sorted)
	rows := make([][3]string, len(sorted))
	for i, r := range sorted {
		rows[i] = [3]string{r.Tenant, r.Kind, r.Name}
	}
	text, _ := json.Marshal(rows) // strings always encode
	return string(text)
}

func readRefs(text string) ([]store.Ref, error) {
	if text == "" {
		return nil, nil
	}
	var rows [][3]string
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("refs %q: %w", text, err)
	}
	refs := make([]store.Ref, len(rows))
	for i, r := range rows {
		refs[i] = store.Ref{Tenant: r[0], Kind: r[1], Name: r[2]}
	}
	return refs, nil
}
