package postgres

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/tocsin-dev/tocsin/store"
)

// cursor is a position in an order by priority and key, or by key alone. It names a position and not a row, so a page can
// begin after a row that was deleted meanwhile.
type cursor struct {
	priority int16
	key      store.Key
}

func (c cursor) String() string {
	raw, _ := json.Marshal([]any{c.priority, c.key.Tenant, c.key.Kind, c.key.ID}) // strings and numbers always encode
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseCursor reads a cursor. An empty text is the position before all rows.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	bad := errors.New("postgres: After is not a cursor of this store")
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
