package notifytest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// double is a notifier that keeps every rule, except where a field replaces a piece of it.
type double struct {
	url    string
	client *http.Client

	form   func(notify.Message) string
	do     func(*http.Client, *http.Request) (*http.Response, error)
	finish func(*http.Response) error
	fail   func(*http.Request, error) error
	whole  func(*double, context.Context, notify.Message) error

	mu   sync.Mutex
	last notify.Message
}

func (d *double) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	if d.whole != nil {
		return notify.Receipt{}, d.whole(d, ctx, m)
	}
	return notify.Receipt{}, d.send(ctx, m)
}

func (d *double) send(ctx context.Context, m notify.Message) error {
	text := url.Values{"to": {m.To}, "text": {m.Title}, "ref": {m.Key}}.Encode()
	if d.form != nil {
		text = d.form(m)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, strings.NewReader(text))
	if err != nil {
		return notify.Permanent(errors.New("the URL is malformed"))
	}
	do := (*http.Client).Do
	if d.do != nil {
		do = d.do
	}
	resp, err := do(d.client, req)
	if err != nil {
		if d.fail != nil {
			return d.fail(req, err)
		}
		return err
	}
	defer resp.Body.Close()
	if d.finish != nil {
		return d.finish(resp)
	}
	return notify.Status(resp.StatusCode, resp.Header.Get("Retry-After"))
}

// broken lists doubles by the one rule that each breaks.
var broken = []struct {
	rule, name string
	double     *double
}{
	{"R01", "shares a message between callers", &double{whole: func(d *double, ctx context.Context, m notify.Message) error {
		d.mu.Lock()
		d.last = m
		d.mu.Unlock()
		time.Sleep(50 * time.Millisecond) // gives other callers time to overwrite it
		d.mu.Lock()
		m = d.last
		d.mu.Unlock()
		return d.send(ctx, m)
	}}},
	{"R02", "ignores the context", &double{whole: func(d *double, ctx context.Context, m notify.Message) error {
		return d.send(context.WithoutCancel(ctx), m)
	}}},
	{"R03", "says nil on 500", &double{finish: func(r *http.Response) error {
		if r.StatusCode == 500 {
			return nil
		}
		return notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
	}}},
	{"R03", "says nil when the connection breaks off", &double{fail: func(*http.Request, error) error { return nil }}},
	{"R03", "knows 200 only", &double{finish: func(r *http.Response) error {
		if r.StatusCode > 200 && r.StatusCode < 300 {
			return errors.New("not 200")
		}
		return notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
	}}},
	{"R04", "drops the key", &double{form: func(m notify.Message) string { return url.Values{"text": {m.Title}}.Encode() }}},
	{"R04", "makes a key for each try", &double{form: func(m notify.Message) string {
		return url.Values{"text": {m.Title}, "ref": {fmt.Sprint(m.Key, m.Attempt)}}.Encode()
	}}},
	{"R05", "tries a permanent error again", &double{whole: func(d *double, ctx context.Context, m notify.Message) error {
		err := d.send(ctx, m)
		if notify.IsPermanent(err) && ctx.Err() == nil {
			err = d.send(ctx, m)
		}
		return err
	}}},
	{"R05", "tries 503 again", &double{whole: func(d *double, ctx context.Context, m notify.Message) error {
		err := d.send(ctx, m)
		if err != nil && strings.Contains(err.Error(), "503") {
			err = d.send(ctx, m)
		}
		return err
	}}},
	{"R05", "follows redirects", &double{do: func(c *http.Client, r *http.Request) (*http.Response, error) {
		own := *c
		own.CheckRedirect = nil
		return own.Do(r)
	}}},
	{"R06", "tries 410 again later", &double{finish: func(r *http.Response) error {
		if r.StatusCode == 410 {
			return errors.New("gone")
		}
		return notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
	}}},
	{"R07", "gives up on 503", &double{finish: func(r *http.Response) error {
		err := notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
		if r.StatusCode == 503 && r.Header.Get("Retry-After") == "" {
			return notify.Permanent(err)
		}
		return err
	}}},
	{"R07", "gives up when a connection breaks off", &double{fail: func(_ *http.Request, err error) error { return notify.Permanent(err) }}},
	{"R08", "loses Retry-After", &double{finish: func(r *http.Response) error { return notify.Status(r.StatusCode, "") }}},
	{"R08", "knows seconds only", &double{finish: func(r *http.Response) error {
		pause := r.Header.Get("Retry-After")
		if len(pause) > 5 {
			pause = ""
		}
		return notify.Status(r.StatusCode, pause)
	}}},
	{"R09", "quotes the URL", &double{fail: func(r *http.Request, err error) error {
		return fmt.Errorf("posting to %s: %v", r.URL, errors.Unwrap(err))
	}}},
	{"R09", "quotes the answer", &double{finish: func(r *http.Response) error {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<10))
		if err := notify.Status(r.StatusCode, r.Header.Get("Retry-After")); err != nil {
			return fmt.Errorf("%w: %s", err, text)
		}
		return nil
	}}},
	{"R09", "quotes its credentials", &double{
		do: func(c *http.Client, r *http.Request) (*http.Response, error) {
			r.Header.Set("Authorization", "Bearer hunter2hunter2")
			return c.Do(r)
		},
		finish: func(r *http.Response) error {
			err := notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
			if r.StatusCode == 404 {
				return notify.Permanent(fmt.Errorf("%w with %s", err, r.Request.Header.Get("Authorization")))
			}
			return err
		},
	}},
	{"R10", "reads endless answers", &double{finish: func(r *http.Response) error {
		io.Copy(io.Discard, r.Body)
		return notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
	}}},
	{"R10", "reads endless answers to what failed", &double{finish: func(r *http.Response) error {
		if r.StatusCode >= 500 {
			io.Copy(io.Discard, r.Body)
		}
		return notify.Status(r.StatusCode, r.Header.Get("Retry-After"))
	}}},
	{"R11", "builds a form by hand", &double{form: func(m notify.Message) string { return "text=" + m.Title + "&ref=" + m.Key }}},
	{"R11", "builds JSON by hand", &double{form: func(m notify.Message) string {
		return fmt.Sprintf(`{"text":"%s","ref":"%s"}`, m.Title, m.Key)
	}}},
	{"R11", "builds XML by hand", &double{form: func(m notify.Message) string {
		return fmt.Sprintf("<sms><text>%s</text><ref>%s</ref></sms>", m.Title, m.Key)
	}}},
	{"R11", "refuses signs that it does not like", &double{whole: func(d *double, ctx context.Context, m notify.Message) error {
		if strings.ContainsAny(m.Title, "<>") {
			return errors.New("refused")
		}
		return d.send(ctx, m)
	}}},
	{"R12", "cuts the title at 160 bytes", &double{form: func(m notify.Message) string {
		return url.Values{"text": {m.Title[:min(len(m.Title), 160)]}, "ref": {m.Key}}.Encode()
	}}},
	{"R12", "cuts all texts at 4096 bytes", &double{form: func(m notify.Message) string {
		text := m.Parts(nil).String()
		return url.Values{"text": {text[:min(len(text), 4096)]}, "ref": {m.Key}}.Encode()
	}}},
}

func TestEveryBrokenDoubleFailsItsRuleOnly(t *testing.T) {
	rules := map[string]int{}
	for _, c := range broken {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			t.Parallel()
			err := notifytest.Check(func(url string, client *http.Client) notify.Notifier {
				return &double{
					url: url, client: client,
					form: c.double.form, do: c.double.do, finish: c.double.finish, fail: c.double.fail, whole: c.double.whole,
				}
			})
			require.Error(t, err)
			assert.Equal(t, []string{c.rule}, failed(err), "%v", err)
		})
		rules[c.rule]++
	}
	assert.Len(t, rules, 12, "rules that a double breaks")
	t.Logf("%d doubles over %d rules", len(broken), len(rules))
}

// failed returns the rules that err quotes.
func failed(err error) []string {
	var rules []string
	for line := range strings.Lines(err.Error()) {
		if name, _, ok := strings.Cut(line, "-"); ok && strings.HasPrefix(name, "R") && len(name) == 3 {
			rules = append(rules, name)
		}
	}
	return rules
}

// TestPartsPass: the parts of a message, as many as there is room for, keep the rule about links.
func TestPartsPass(t *testing.T) {
	for _, limit := range []int{160, 480, 1600, 4096, 1 << 20} {
		err := notifytest.Check(func(to string, client *http.Client) notify.Notifier {
			return &double{url: to, client: client, form: func(m notify.Message) string {
				text := m.Parts(func(ps notify.Parts) bool { return len(ps.String()) <= limit }).String()
				return url.Values{"text": {text}, "ref": {m.Key}}.Encode()
			}}
		})
		require.NoError(t, err, "%d bytes", limit)
	}
}

func TestADoubleThatBreaksNothingPasses(t *testing.T) {
	notifytest.Run(t, func(_ *testing.T, url string, c *http.Client) notify.Notifier { return &double{url: url, client: c} })
}

// TestRulesAreThoseOfThePort compares the quotes of the suite with the numbered comment of notify.Notifier.
func TestRulesAreThoseOfThePort(t *testing.T) {
	source, err := os.ReadFile("../notify.go")
	require.NoError(t, err)
	_, comment, _ := strings.Cut(string(source), "// Notifier sends")
	comment, _, _ = strings.Cut(comment, "type Notifier interface")
	comment = strings.Join(strings.Fields(strings.ReplaceAll(comment, "//", "")), " ")

	quoted, err := os.ReadFile("run.go")
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(quoted)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), `-`)
		if !ok || !strings.HasPrefix(name, `{"R`) {
			continue
		}
		n++
		says := strings.Split(rest, `"`)[2]
		assert.Contains(t, comment, fmt.Sprintf("%d. %s", n, says), cmp.Or(name, "rule"))
	}
	assert.Equal(t, 12, n)
	assert.NotContains(t, comment, " 13. ", "a rule that the suite does not hold")
}
