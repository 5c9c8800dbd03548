package status

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

const (
	historyDays  = 90
	earlierFirst = 5 // earlier incidents on the first page
)

// publicView is what a template of the public page shows.
type publicView struct {
	Base, Title, Policy, Part string
	Name, Logo, Support       string
	Verdict                   publicVerdict
	Class, Shape              string // of the verdict
	AsOf, Made                *moment
	Open, Earlier             []postView
	More                      bool // there are more earlier ones
	Groups                    []groupView
	Days                      []dayView
	Shares                    []shareView
	Planned                   []workView
	Months                    []monthView
	Post                      *postView // of the page of one incident
}

// postView is an incident.
type postView struct {
	Title, Path, Class, Shape, Stage, Components string
	Since, Ended, Next                           *moment
	Late                                         bool // the next update is
	Entries                                      []newsView
}

type newsView struct {
	Stage, Text, Note string // Note: what became of the update
	At                *moment
	Struck            bool
}

type groupView struct {
	Name       string
	Components []componentView
}

type componentView struct {
	Name, Class, Shape, State, Says, Share string
	Since                                  *moment
	Label                                  string // the bars in words
	Usual                                  []usualView
	Bars                                   []barView
}

// usualView is where bars of usual days stand, of 900.
type usualView struct{ X, Width int }

// barView are the bars of days of one kind, as a path.
type barView struct{ Class, Path string }

// dayView is a day on which something did not work.
type dayView struct{ Date, What, For string }

// shareView is for which part of a time a component worked.
type shareView struct {
	Name   string
	Shares []string // over 30, 90 and 365 days
}

type workView struct {
	Title, Text, State, Components, Day string
	From, Until                         *moment
	Entries                             []newsView
}

// monthView is what was in a month.
type monthView struct {
	Name  string
	Posts []postView
	Work  []workView
}

func (s *site) view(base, title string) *publicView {
	p, now, verdict := s.page, s.made, publicVerdictOf(s.page, s.made)
	v := &publicView{
		Base: base, Name: cmp.Or(p.Brand.Name, "Status"), Logo: p.Brand.Logo, Support: p.Brand.Support, Verdict: verdict,
		AsOf: at(p.AsOf, now, utc(p.AsOf, now)), Made: at(now, now, utc(now, now)), Days: s.troubles(), Shares: s.shares(),
	}
	if v.Logo != "" && !strings.Contains(v.Logo, "//") && v.Logo[0] != '/' {
		v.Logo = base + v.Logo
	}
	if v.Class, v.Shape = looks(verdict.Worst); verdict.Stale {
		v.Class, v.Shape = "unk", "cir"
	}
	v.Title = verdict.Lead + " " + v.Name
	if title != "" {
		v.Title = title + ". " + v.Name
	}
	for i := range p.Groups {
		v.Groups = append(v.Groups, s.group(&p.Groups[i]))
	}
	s.list(v, base)
	return v
}

// list puts the incidents and the planned work into a view.
func (s *site) list(v *publicView, base string) {
	for i := range s.page.Posts {
		post := &s.page.Posts[i]
		one := s.post(post, base)
		if post.Stage != comms.Resolved {
			v.Open = append(v.Open, one)
			continue
		}
		if v.More = len(v.Earlier) == earlierFirst; !v.More {
			v.Earlier = append(v.Earlier, one)
		}
		m := v.month(began(post))
		m.Posts = append(m.Posts, one)
	}
	for i := range s.page.Work {
		w := &s.page.Work[i]
		if !over(w.State) {
			v.Planned = append(v.Planned, s.work(w))
			continue
		}
		m := v.month(w.From)
		m.Work = append(m.Work, s.work(w))
	}
}

// month returns the month of an instant among those that the view has, the latest first.
func (v *publicView) month(t time.Time) *monthView {
	name := t.UTC().Format("January 2006")
	for i := range v.Months {
		if v.Months[i].Name == name {
			return &v.Months[i]
		}
	}
	later := func(m monthView, t time.Time) int {
		of, _ := time.Parse("January 2006", m.Name)
		return t.Compare(of)
	}
	i, _ := slices.BinarySearchFunc(v.Months, t.UTC(), later)
	v.Months = slices.Insert(v.Months, i, monthView{Name: name})
	return &v.Months[i]
}

func over(s comms.WorkState) bool { return s == comms.Completed || s == comms.CalledOff }

// began returns when an incident began for customers.
func began(post *comms.Post) time.Time {
	if post.Since.IsZero() && len(post.Entries) > 0 {
		return post.Entries[len(post.Entries)-1].At
	}
	return post.Since
}

// ended returns when an incident was over for customers; zero: it is not.
func ended(post *comms.Post) time.Time {
	if post.Stage != comms.Resolved {
		return time.Time{}
	}
	if post.Until.IsZero() && len(post.Entries) > 0 {
		return post.Entries[0].At
	}
	return post.Until
}

// looks returns the class and the shape of an impact.
func looks(impact string) (class, shape string) {
	switch impact {
	case "critical":
		return "p1", "oct"
	case "major":
		return "p2", "tri"
	case "minor":
		return "p3", "dia"
	}
	return "", ""
}

func (s *site) post(post *comms.Post, base string) postView {
	v := postView{Title: heading(post), Stage: stageWord(post.Stage), Components: s.names(post.Components), Entries: s.entries(post.Entries)}
	if path := postPath(post); path != "" {
		v.Path = base + path
	}
	v.Class, v.Shape = looks(s.scene.impactOfPost(post))
	from := began(post)
	v.Since = minute(from, s.made)
	if next := nextNews(post); !next.IsZero() {
		v.Next, v.Late = at(next, s.made, utc(next, s.made)), next.Before(s.made)
	}
	if end := ended(post); !end.IsZero() {
		v.Class, v.Shape, v.Ended = "", "", at(end, s.made, lasted(end.Sub(from)))
	}
	return v
}

// stageWord returns a stage as a heading.
func stageWord(stage comms.Stage) string {
	if stage == "" {
		return "Update"
	}
	return capital(strings.ReplaceAll(string(stage), "_", " "))
}

func (s *site) entries(of []comms.Entry) (all []newsView) {
	for i := range of {
		e := &of[i]
		v := newsView{Stage: stageWord(e.Stage), Text: e.Text, At: minute(e.At, s.made)}
		switch {
		case e.State == comms.Retracted:
			v.Note, v.Struck = "We have taken this back.", true
		case e.State == comms.Corrected:
			v.Note = "We have corrected this since."
		case e.Kind == comms.Correction:
			v.Stage = "Correction"
		case e.Kind == comms.Retraction:
			v.Stage = "Taken back"
		}
		all = append(all, v)
	}
	return all
}

// names lists components by their ids.
func (s *site) names(ids []string) string {
	var all []string
	for _, c := range s.scene.components {
		if slices.Contains(ids, c.ID) {
			all = append(all, c.Name)
		}
	}
	return strings.Join(all, ", ")
}

func (s *site) work(w *comms.Work) workView {
	v := workView{
		Title: sentence(w.Title), Text: w.Text, Components: s.names(w.Components), Entries: s.entries(notes(w)), Day: w.From.UTC().Format("Mon 2 Jan"),
		From: at(w.From, s.made, w.From.UTC().Format("15:04")), Until: at(w.Until, s.made, w.Until.UTC().Format("15:04")+" UTC"),
	}
	if v.Until != nil && w.Until.UTC().Format(time.DateOnly) != w.From.UTC().Format(time.DateOnly) {
		v.Until.Text = w.Until.UTC().Format("Mon 2 Jan 15:04") + " UTC"
	}
	switch w.State {
	case comms.InProgress:
		v.State = "Under way"
	case comms.Verifying:
		v.State = "Being checked"
	case comms.Completed:
		v.State = "Done"
	case comms.CalledOff:
		v.State = "Called off"
	}
	return v
}

// notes returns what customers were told of planned work as the updates of an incident are.
func notes(w *comms.Work) (all []comms.Entry) {
	for _, n := range w.Entries {
		all = append(all, comms.Entry{Stage: comms.Stage(n.State), At: n.At, Text: n.Text, State: comms.Sent})
	}
	return all
}

func (s *site) group(g *comms.Group) groupView {
	v := groupView{Name: cmp.Or(g.Name, "Components")}
	for i := range g.Components {
		c := &g.Components[i]
		one := componentView{Name: c.Name, Says: c.Says, Share: "–", Label: s.label(c)}
		one.Class, one.Shape = looks(impactOf(c.State))
		switch c.State {
		case comms.Operational:
			one.State = "Working"
		case comms.UnderMaintenance:
			one.State, one.Class, one.Shape = "Planned work", "p4", "cir"
		case comms.Degraded:
			one.State = "Works badly"
		case comms.PartialOutage:
			one.State = "Down for some"
		case comms.MajorOutage:
			one.State = "Down"
		default:
			one.State, one.Class, one.Shape = "Not known", "unk", "cir"
		}
		if c.State != comms.Operational {
			one.Since = minute(c.Since, s.made)
		}
		if share, ok := shareOf(c, historyDays); ok {
			one.Share = share
		}
		one.Usual, one.Bars = bars(c.Days)
		v.Components = append(v.Components, one)
	}
	return v
}
