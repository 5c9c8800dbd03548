// Package log is an adapter: it may do I/O.
package log

import (
	"os"

	"github.com/tocsin-dev/tocsin/notify"
)

// Notify writes the message to standard error.
func Notify(m notify.Message) error {
	_, err := os.Stderr.WriteString(m.To.String())
	return err
}
