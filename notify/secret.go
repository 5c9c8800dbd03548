package notify

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

const concealed = redact.Stars

// Secret holds a text and prints as ***: through fmt, log/slog, encoding/json and every encoder of text. The zero Secret
// holds "" and prints as *** too.
type Secret struct {
	text *string // a pointer: fmt calls no method of an unexported field and would print a string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text. Call it only where the secret is used, such as for a request header.
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

// MarshalText returns ***, in JSON and YAML as well. A Secret that was marshalled cannot be read back.
func (Secret) MarshalText() ([]byte, error) { return []byte(concealed), nil }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(concealed) }
