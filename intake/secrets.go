package intake

import (
	"fmt"
	"io"
	"log/slog"
)

const concealed = "***"

// Secrets is a list of texts that prints as *** wherever it stands in an exported field: through fmt, in logs, as JSON or
// as any other text.
type Secrets []string

// String returns ***.
func (Secrets) String() string { return concealed }

// Format writes *** for every verb.
func (Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, concealed) }

// MarshalText returns ***, in JSON and YAML as well.
func (Secrets) MarshalText() ([]byte, error) { return []byte(concealed), nil }

// LogValue returns ***.
func (Secrets) LogValue() slog.Value { return slog.StringValue(concealed) }
