package status

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// params are the parameters of a request, with the faults that were found in them.
type params struct {
	url.Values
	viewer respond.Viewer
	found  []string
}

// params returns the parameters, of which there are those with the names.
func (q *apiRequest) params(names ...string) *params {
	p := &params{Values: q.values, viewer: q.viewer}
	for name, values := range p.Values {
		switch {
		case !slices.Contains(names, name):
			p.fault("there is no parameter %.40q, expected %s", name, cmp.Or(strings.Join(names, ", "), "none"))
		case len(values) > 1:
			p.fault("%s stands %d times, expected once", name, len(values))
		}
	}
	return p
}

func (p *params) fault(format string, args ...any) {
	p.found = append(p.found, fmt.Sprintf(format, args...))
}

// faults returns a problem that tells all faults.
func (p *params) faults() error {
	if len(p.found) == 0 {
		return nil
	}
	slices.Sort(p.found)
	return problemInvalid.because(strings.Join(p.found, "; "))
}

// err returns the faults, or that the viewer does not see the tenant.
func (p *params) err(tenant string) error {
	if !p.viewer.Sees(tenant) {
		return tocsin.ErrNotFound
	}
	return p.faults()
}

// tenant returns the tenant of a request that has no other parameter.
func (q *apiRequest) tenant() (string, error) {
	p := q.params("tenant")
	tenant := p.tenant()
	return tenant, p.err(tenant)
}

// tenant returns the tenant that is asked for. Without one it is the tenant without a name, or the first of the viewer.
func (p *params) tenant() string {
	if tenants := p.viewer.Tenants; !p.Has("tenant") && !p.viewer.Sees("") && len(tenants) > 0 {
		return tenants[0]
	}
	return p.Get("tenant")
}

func (p *params) text(name string) string {
	text := p.Get(name)
	if err := event.CheckText(text, apiText); err != nil {
		p.fault("%s: %v", name, err)
	}
	return text
}

func (p *params) word(name string, words ...string) string {
	word := p.Get(name)
	if word != "" && !slices.Contains(words, word) {
		p.fault("%s is %.40q, expected one of %s, or nothing for all", name, word, strings.Join(words, ", "))
	}
	return word
}

func (p *params) flag(name string) bool {
	return p.word(name, "true", "false") == "true"
}

func (p *params) instant(name string) (at time.Time) {
	if text := p.Get(name); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			p.fault("%s is %.40q, expected an instant such as 2026-03-01T14:00:00Z", name, text)
		}
	}
	return at
}

func (p *params) priority() (of severity.Priority) {
	if err := of.UnmarshalText([]byte(p.Get("priority"))); err != nil {
		p.fault("%v", err)
	}
	return of
}

func (p *params) limit() int {
	text := p.Get("limit")
	if text == "" {
		return 100
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > apiPage {
		p.fault("limit is %.40q, expected 1 to %d", text, apiPage)
	}
	return n
}
