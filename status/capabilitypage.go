package status

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	chipsMost  = 12     // capabilities on the main page
	shareUsual = 24     // hours that a share link lives, unless a person chooses otherwise
	shareMost  = 7 * 24 // hours
)

// capabilityView is a capability on the main page.
type capabilityView struct {
	Title, Path, Class, Word string
	Loud                     bool // nobody has it, or nobody knows
	Glyph                    glyph
}

// capabilityPage is how a capability stands, by services and incidents.
type capabilityPage struct {
	frame
	Name, Heading, Says, Class, More string
	Glyph                            glyph
	Count                            int
	Rows                             []rowView
	Parts                            []lineView
	Facts                            []fact
	Lives                            []choice // for how long a link may be made; none: no link can be made
	Shared                           *sharedView
}

// sharedView is a link that was made just now.
type sharedView struct {
	URL   string
	Until *moment
}

// look returns the class, the shape and the words of how a capability, or a service of it, stands.
func look(state State, worst *Incident) (class, shape, word string) {
	p, shape := severity.P5, "cir"
	if worst != nil {
		p, shape = worst.Priority, shapeOf(worst.Priority)
	}
	class = string(state) + " " + strings.ToLower(p.String())
	switch state {
	case stateUnknown:
		return "blind", shape, "unknown"
	case Unheld:
		return class, shape, p.String() + ", nobody has it"
	case Held:
		return class, shape, p.String() + ", in hand"
	case Watched:
		return class, shape, p.String() + ", being watched"
	case Informed:
		return class, shape, p.String() + ", for information"
	}
	return "quiet", "cir", "quiet"
}

func (c *capability) look() (class, shape, word string) {
	if c.Worst == nil {
		return look(c.State, nil)
	}
	return look(c.State, c.Worst.Worst)
}

// capabilities fills the row of what does not stand well, or says that all is quiet.
func (m *mainPage) capabilities(q *request, s *Snapshot) {
	all := rollUp(q.engine.Catalog().Source(), s)
	for k := range all {
		c := &all[k]
		if c.State == stateQuiet {
			continue
		}
		v := capabilityView{Title: clip(c.Title, 60), Loud: c.State == Unheld || c.State == stateUnknown, Glyph: glyph{Base: q.base}}
		v.Class, v.Glyph.Shape, v.Word = c.look()
		if q.mayAct() { // others may not look further
			v.Path = "capability/" + url.PathEscape(c.Name)
		}
		m.Capabilities = append(m.Capabilities, v)
	}
	bad := len(m.Capabilities)
	switch {
	case len(all) == 0:
	case bad == 0:
		m.Silence = append(m.Silence, fact{Name: "Capabilities", Text: "All quiet."})
	case bad > chipsMost:
		m.CapabilitiesMore = fmt.Sprintf("and %d more", bad-chipsMost)
		m.Capabilities = m.Capabilities[:chipsMost]
	case bad < len(all):
		m.CapabilitiesMore = capital(count(len(all)-bad)) + " more " + verb(all[bad:], "is", "are") + " quiet"
	}
}

// capabilityTables lists the capabilities above the services; none: the catalog has none.
func (q *request) capabilityTables(p *projection) []table {
	s := q.snapshot(p, q.now())
	t := table{ID: "capabilities", Name: "What the business does"}
	all := rollUp(q.engine.Catalog().Source(), &s)
	for k := range all {
		c := &all[k]
		first := "quiet"
		if c.Worst != nil {
			first = c.Worst.Worst.Priority.String()
		}
		t.Lines = append(t.Lines, lineView{First: first, What: clip(c.Title, 80), Path: "capability/" + url.PathEscape(c.Name), Why: c.says(&s)})
	}
	if t.Count = len(all); t.Count == 0 {
		return nil
	}
	return []table{t}
}

func (q *request) capability() error { return q.capabilityPage(nil) }

// capabilityPage renders the page of a capability, perhaps with a link that was made just now.
func (q *request) capabilityPage(shared *tocsin.Share) error {
	now := q.now()
	s := q.snapshot(q.board(q.tenant).fresh(q.Context()), now)
	all := rollUp(q.engine.Catalog().Source(), &s)
	k := slices.IndexFunc(all, func(c capability) bool { return c.Name == q.PathValue("name") })
	if k < 0 {
		return fmt.Errorf("%w: capability %.40q", tocsin.ErrNotFound, q.PathValue("name"))
	}
	c := &all[k]
	m := &capabilityPage{Name: url.PathEscape(c.Name), Heading: clip(c.Title, 80), Says: c.says(&s), Glyph: glyph{Base: q.base}, Count: c.Open}
	m.frame = q.frame(m.Heading+": "+m.Says, "Services", now, s.AsOf)
	m.Class, m.Glyph.Shape, _ = c.look()
	if m.Blind = c.State == stateUnknown; m.Blind {
		m.Icon = "blind"
	} else if c.State == Unheld || c.State == Held {
		m.Icon = string(c.State)
	}
	m.rows(q, c, &s)
	m.parts(c, s.Fault != "")
	if c.Owner != "" {
		m.Facts = []fact{{Name: "Team", Text: line.Of(c.Owner)}}
	}
	if shared != nil {
		m.Shared = &sharedView{shared.URL, minute(shared.Until, now)}
	} else if q.engine.HasLinks() {
		for _, hours := range []int{1, shareUsual, 3 * 24, shareMost} {
			m.Lives = append(m.Lives, choice{ago(time.Duration(hours) * time.Hour), strconv.Itoa(hours), hours == shareUsual})
		}
	}
	return q.render(http.StatusOK, "capability", m)
}

// rows shows the open incidents of a capability, in the order of the main page.
func (m *capabilityPage) rows(q *request, c *capability, s *Snapshot) {
	for k := range s.Open {
		if !slices.ContainsFunc(c.Parts, func(p part) bool { return p.Service == s.Open[k].Service }) {
			continue
		}
		if len(m.Rows) == rowsMost {
			m.More = fmt.Sprintf("and %d more; the pages of the services have them", c.Open-rowsMost)
			return
		}
		m.Rows = append(m.Rows, q.row(&s.Open[k], s.Now, s.Fault != ""))
	}
}

// parts lists the services of a capability and what they need.
func (m *capabilityPage) parts(c *capability, blind bool) {
	for k := range c.Parts {
		p := &c.Parts[k]
		l := lineView{First: "quiet", What: line.Of(p.Service), Path: "service/" + url.PathEscape(p.Service), Why: "nothing open"}
		if p.Worst != nil {
			_, _, word := look(p.Worst.State, p.Worst)
			l.First, l.Why = p.Worst.Priority.String(), plural(p.Open, "incident")+" open: "+word
		}
		if blind {
			l.First, l.Why = "unknown", "then: "+l.Why
		}
		if p.For != "" {
			l.Why += " · needed by " + line.Of(p.For)
		}
		m.Parts = append(m.Parts, l)
	}
}

// share makes a link to a capability, and shows it. The link stands in no address, so that no history of a browser has it.
func (q *request) share() error {
	hours, err := strconv.Atoi(q.PostFormValue("hours"))
	if err != nil || hours < 1 || hours > shareMost {
		return fmt.Errorf("%w: hours %.40q, expected 1 to %d", errForm, q.PostFormValue("hours"), shareMost)
	}
	if !q.engine.HasLinks() {
		return q.fail(http.StatusNotImplemented, "Links are not set up here.", "Whoever runs this sets PublicURL and LinkKeys first.")
	}
	made, err := q.engine.Share(q.Context(), q.viewer, q.tenant, q.PathValue("name"), time.Duration(hours)*time.Hour)
	if err != nil {
		return err
	}
	return q.capabilityPage(&made)
}
