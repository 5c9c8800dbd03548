package notify

import (
	"fmt"
	"io"
	"log/slog"
)

const concealed = "***"

// Secret is a text that prints as *** everywhere: through fmt, in logs, as JSON or as any other text. The zero Secret is
// empty, and prints no differently.
type Secret struct {
	text *string // a pointer, since fmt calls no method of a field that is not exported
}

// NewSecret conceals text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text, for the place where it is needed and for no other.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns ***.
func (Secret) String() string { return concealed }

// Format writes *** for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, concealed) }

// MarshalText returns ***, in JSON and YAML as well. A Secret therefore does not survive being stored.
func (Secret) MarshalText() ([]byte, error) { return []byte(concealed), nil }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(concealed) }
