package intake

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

const maxChain = 16 // errors of a chain kept in an event

// Error returns a trigger of class c for err. The summary is the first line of its text. The data holds the chain of wrapped errors
// as the list errors, the outermost first, each with type and text; at most 16 of them. labels alternates names and values, as in
// [event.Class.Trigger]. Submit the event, or offer it where waiting is not possible:
//
//	if err := payOut(ctx, m); err != nil {
//		_ = bell.Submit(ctx, intake.Error(err, stuck, "merchant", m.ID))
//	}
//
// The text of an error takes no part in the dedup key. What a text has too much is cut. Submit takes out secrets, as far as it
// knows their names or forms.
func Error(err error, c event.Class, labels ...string) event.Event {
	text := strings.TrimSpace(fmt.Sprint(err)) // survives a nil err, and a panic in its Error
	first, _, _ := strings.Cut(text, "\n")
	e := c.Trigger(strings.TrimSpace(first), labels...)
	e.Data = map[string]any{"errors": chain(nil, err)}
	e.Fit()
	return e
}

func chain(list []any, err error) []any {
	if err == nil || len(list) == maxChain {
		return list
	}
	list = append(list, map[string]any{"type": fmt.Sprintf("%T", err), "text": bounded(fmt.Sprint(err), 2<<10)})
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return chain(list, err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			list = chain(list, inner)
		}
	}
	return list
}
