package intake

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

// Secrets is a list of secrets. In an exported field it prints as ***: through fmt, log/slog, encoding/json and every encoder
// of text.
type Secrets []string

// String returns ***.
func (Secrets) String() string { return redact.Stars }

// Format writes *** for every verb.
func (Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, redact.Stars) }

// MarshalText returns ***, in JSON and YAML as well.
func (Secrets) MarshalText() ([]byte, error) { return []byte(redact.Stars), nil }

// LogValue returns ***.
func (Secrets) LogValue() slog.Value { return slog.StringValue(redact.Stars) }

// excerpt quotes the first characters of a text of the sender. It takes out secrets before, since half of one might not be known as such.
func excerpt(characters int, text string) string {
	return fmt.Sprintf("%.*q", characters, redact.Plain.Text(text))
}
