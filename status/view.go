package status

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

// frame is what every page has.
type frame struct {
	Base, Title, Rev, Icon string
	Who                    string // empty: nobody
	Nav                    []link
	Tenant                 string // that the page is about
	Tenants                []link // of a viewer who has several
	Wall, Live, Blind      bool
	Events                 string // where changes are told
	Millis                 int64  // the clock of the server
	AsOf                   *moment
}

type link struct {
	Name, Path string
	Here       bool
}

// frame returns the frame of a page that belongs to an entry of the navigation.
func (q *request) frame(title, here string, now, asOf time.Time) frame {
	f := frame{
		Base: q.base, Title: title, Rev: q.revision, Icon: "quiet", Millis: now.UnixMilli(),
		Who: line.Of(cmp.Or(string(q.viewer.Person), q.viewer.Machine)), AsOf: second(asOf, now),
		Tenant: line.Of(q.tenant), Tenants: q.tenants(),
	}
	for _, l := range []link{
		{Name: "Now"},
		{Name: "Alerts", Path: "alerts"},
		{Name: "Services", Path: "services"},
		{Name: "History", Path: "history"},
		{Name: "Messages", Path: "messages"},
		{Name: "Catalog", Path: "catalog"},
	} {
		l.Here = l.Name == here
		f.Nav = append(f.Nav, l)
	}
	if len(q.Intakes) > 0 {
		f.Nav = append(f.Nav, link{"What if", "would", here == "What if"})
	}
	return f
}

// moment is an instant, or a time until or since it.
type moment struct {
	Text, ISO, Full string
	Millis          int64
}

// at returns how a page shows an instant; nil for none.
func at(t, now time.Time, text string) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.In(now.Location())
	return &moment{Text: text, ISO: t.Format(time.RFC3339), Full: t.Format("Mon 2 Jan 2006 15:04:05 MST"), Millis: t.UnixMilli()}
}

func minute(t, now time.Time) *moment { return at(t, now, clock(t, now)) }

func second(t, now time.Time) *moment { return at(t, now, t.In(now.Location()).Format("15:04:05")) }

// age is how long ago something began.
func age(t, now time.Time) *moment { return at(t, now, ago(now.Sub(t))) }

// countdown is how long until something happens: 1:40 below ten minutes.
func countdown(t, now time.Time) *moment {
	d := max(t.Sub(now), 0).Truncate(time.Second)
	text := ago(d)
	if d < 10*time.Minute {
		text = strconv.Itoa(int(d/time.Minute)) + ":" + strconv.Itoa(100 + int(d%time.Minute/time.Second))[1:]
	}
	return at(t, now, text)
}

// glyph is a shape of the sprite.
type glyph struct{ Base, Shape string }

// shapeOf returns the shape of a priority.
func shapeOf(p severity.Priority) string {
	switch p {
	case severity.P1:
		return "oct"
	case severity.P2:
		return "tri"
	case severity.P3:
		return "dia"
	}
	return "cir"
}

// answer says what has become of an action.
type answer struct {
	Kind string // done, raced or refused
	Text string
}

// rowView is one incident of a list.
type rowView struct {
	Base, ID, Title, Class, P, At         string
	Next, Holders, Service, Many          string
	ServicePath                           string
	Glyph                                 glyph
	Age                                   *moment
	NextAt, Due, Recovered, Until, HeldAt *moment
	Unheld, Held, Watched                 bool
	Locked, Act, Mine, Loud, InBar        bool
	Answer                                *answer
}

// row returns the row of an incident. blind says that its state is not known any more.
func (q *request) row(i *Incident, now time.Time, blind bool) rowView {
	v := rowView{
		Base: q.base, ID: i.ID, Title: clip(cmp.Or(i.Title, i.ID), 160), P: i.Priority.String(), At: i.At, Next: people(i.Next),
		Holders: people(i.Holders), Service: line.Of(i.Service), ServicePath: url.PathEscape(i.Service),
		Class: string(i.State) + " " + strings.ToLower(i.Priority.String()), Glyph: glyph{q.base, shapeOf(i.Priority)},
		Age: age(i.Since, now), NextAt: countdown(i.NextAt, now), Due: minute(i.NextAt, now), Recovered: minute(i.Recovered, now), Until: minute(i.Until, now),
		HeldAt: minute(i.HeldAt, now), Unheld: i.State == Unheld, Held: i.State == Held, Watched: i.State == Watched,
		Locked: blind, Act: q.mayAct() && !blind,
	}
	if i.Alerts > 1 {
		v.Many = "×" + strconv.Itoa(i.Alerts)
	}
	for _, h := range i.Holders {
		v.Mine = v.Mine || h == string(q.viewer.Person)
	}
	v.Loud = v.Unheld && i.Priority == severity.P1 && !blind
	return v
}

// mayAct reports whether the viewer is somebody who can act.
// mayAct reports whether the viewer gets buttons: a person whom the catalog knows, if it knows any. Others look.
func (q *request) mayAct() bool {
	if q.viewer.Person == "" || len(q.engine.Catalog().Source().People) == 0 {
		return q.viewer.Person != ""
	}
	_, known := q.engine.Known(q.viewer.Person)
	return known
}

// fact is a name and a text beside it, perhaps with a link.
type fact struct {
	Name, Text, Path string
	Out              bool // the link leads elsewhere
}

// dutyView is who is on call for a team.
type dutyView struct {
	Team, People, Next string
	Until              *moment
}

func dutyViews(all []Duty, now time.Time) (views []dutyView) {
	for _, d := range all {
		views = append(views, dutyView{Team: line.Of(d.Team), People: people(d.People), Next: people(d.Next), Until: minute(d.Until, now)})
	}
	return views
}
