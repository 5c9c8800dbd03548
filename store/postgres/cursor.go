package postgres

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/tocsin-dev/tocsin/store"
)

// cursor is a place in an order by priority and key, or by key alone. It names the place and not the row, so that a page can
// begin behind a row that is gone.
type cursor struct {
	priority int16
	key      store.Key
}

func (c cursor) String() string {
	raw, _ := json.Marshal([]any{c.priority, c.key.Tenant, c.key.Kind, c.key.ID}) // numbers and strings do not fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseCursor reads a cursor. The empty one is the place before all others.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	bad := errors.New("postgres: After is no cursor of this store")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cursor{}, bad
	}
	var c cursor
	parts := []any{&c.priority, &c.key.Tenant, &c.key.Kind, &c.key.ID}
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) != 4 {
		return cursor{}, bad
	}
	return c, nil
}
