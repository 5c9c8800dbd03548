package intake_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

type panicking struct{}

func (*panicking) Error() string { panic("no text") }

func TestErrorsBecomeEvents(t *testing.T) {
	class := event.Class{Name: "payments.payout.failed", Dedup: []string{"labels.merchant"}}
	notFound := &fs.PathError{Op: "open", Path: "/run/key", Err: fs.ErrNotExist}
	deep := errors.New("core")
	for range 40 {
		deep = fmt.Errorf("layer: %w", deep)
	}
	for _, tt := range []struct {
		name    string
		err     error
		summary string
		chain   []string
	}{
		{"plain", errors.New("refused"), "refused", []string{"*errors.errorString refused"}},
		{"wrapped", fmt.Errorf("pay out: %w", notFound), "pay out: open /run/key: file does not exist", []string{
			"*fmt.wrapError pay out: open /run/key: file does not exist", "*fs.PathError open /run/key: file does not exist", "*errors.errorString file does not exist",
		}},
		{"joined", errors.Join(errors.New("one"), errors.New("two")), "one", []string{"*errors.joinError one\ntwo", "*errors.errorString one", "*errors.errorString two"}},
		{"line breaks around it", errors.New("\n one\ntwo"), "one", nil},
		{"no UTF-8", errors.New("a\xff"), "a?", []string{"*errors.errorString a?"}},
		{"none", nil, "<nil>", []string{}},
		{"text that panics", &panicking{}, "%!v(PANIC=Error method: no text)", nil},
		{"deep", deep, strings.Repeat("layer: ", 40) + "core", nil},
		{"long", errors.New(strings.Repeat("x", 100_000)), strings.Repeat("x", event.MaxSummary-3) + "…", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := intake.Error(tt.err, class, "merchant", "m-42")
			require.NoError(t, e.Check())
			assert.Equal(t, tt.summary, e.Summary)
			assert.Equal(t, event.Trigger, e.Signal)
			assert.Equal(t, "payments.payout.failed/m-42", class.Key(&e), "the text is no part of it")
			if tt.chain != nil {
				said := []string{}
				list, _ := e.Data["errors"].([]any)
				for _, v := range list {
					said = append(said, fmt.Sprint(v.(map[string]any)["type"], " ", v.(map[string]any)["text"]))
				}
				assert.Equal(t, tt.chain, said)
			}
		})
	}
	assert.Len(t, intake.Error(deep, class).Data["errors"], 16)
}
