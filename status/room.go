package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

// roomPart is one concern of the room of an incident: what stands, and the forms by which people change it.
type roomPart struct {
	ID, Name, Count string
	Lines           []roomLine
	Forms           []form
}

// roomLine is a line of a part, with the forms about it.
type roomLine struct {
	At         *moment
	Due        *moment // counts down behind Text; nil: nothing does
	Strong     string
	Text, More string
	Late       bool
	Forms      []form
}

// room returns the parts of the room, what is needed first.
func (q *request) room(inc *incident.Incident, now time.Time) []roomPart {
	r := &room{request: q, inc: inc, now: now, me: string(q.viewer.Person), people: q.names()}
	parts := []roomPart{r.customers(), r.roles(), r.decisions(), r.todos(), r.course()}
	for i := range parts {
		parts[i].fill(q, inc.ID)
	}
	return parts
}

// room is what the parts are made of.
type room struct {
	*request
	inc    *incident.Incident
	now    time.Time
	me     string
	people []option
}

// names are the people of the catalog.
func (q *request) names() []option {
	var all []option
	for _, id := range slices.Sorted(maps.Keys(q.engine.Catalog().Source().People)) {
		all = append(all, option{Value: string(id), Say: string(id)})
	}
	return all
}

// open reports whether people still act on the incident.
func (r *room) open() bool { return r.inc.Phase.Open() }

// roles is who does what.
func (r *room) roles() roomPart {
	p := roomPart{ID: "roles", Name: "Who does what"}
	for _, v := range r.inc.Vacant {
		p.Lines = append(p.Lines, roomLine{Strong: string(v), Text: "nobody has this role, and the plan requires it", Late: true, Forms: []form{r.take(v, "")}})
	}
	for k := range r.inc.Roles {
		a := &r.inc.Roles[k]
		if !a.Held() {
			continue
		}
		l := roomLine{Strong: string(a.Role), Text: line.Of(string(a.Person)) + " since " + clock(a.Assumed, r.now)}
		switch {
		case !r.open():
		case string(a.Person) == r.me:
			l.Forms = []form{
				{Key: "give-" + string(a.Role), Sum: "Hand it over", Hidden: hidden("role", string(a.Role)), Fields: []formField{{Name: "to", Label: "To whom; it stays yours until they accept", Kind: "pick", Options: r.people}}, Buttons: []button{{"offer", "Offer it", false}}},
				{Hidden: hidden("role", string(a.Role)), Buttons: []button{{"renounce", "Give it up", false}}},
			}
		case !a.Role.Shared():
			l.Forms = []form{r.take(a.Role, string(a.Person))}
		}
		p.Lines = append(p.Lines, l)
	}
	for _, o := range r.inc.Offers {
		l := roomLine{Strong: string(o.Role), Text: fmt.Sprintf("%s offers it to %s until %s", line.Of(string(o.From)), line.Of(string(o.To)), clock(o.Until, r.now))}
		if string(o.To) == r.me {
			l.Forms = []form{{Hidden: hidden("role", string(o.Role)), Buttons: []button{{"accept-role", "Accept it", true}, {"decline-role", "Decline", false}}}}
		}
		p.Lines = append(p.Lines, l)
	}
	if r.open() {
		var free []option
		for _, role := range incident.Roles() {
			if r.inc.Holder(role) == "" || role.Shared() {
				free = append(free, option{Value: string(role), Say: string(role)})
			}
		}
		p.Forms = []form{{Key: "take", Sum: "Take a role", Fields: []formField{{Name: "role", Label: "Role", Kind: "pick", Options: free}}, Buttons: []button{{"assume", "Take it", false}}}}
	}
	return p
}

// take is the form that takes a role, from whom holds it.
func (r *room) take(role incident.Role, from string) form {
	say := "Take it"
	if from != "" {
		say = "Take it from " + line.Of(from)
	}
	return form{Hidden: append(hidden("role", string(role)), hidden("from", from)...), Buttons: []button{{"assume", say, false}}}
}

// todos is what is to be done.
func (r *room) todos() roomPart {
	p := roomPart{ID: "todos", Name: "To do"}
	open := 0
	for _, d := range r.inc.Todos {
		l := roomLine{Strong: line.Of(string(d.Owner)), Text: line.Of(d.Said.Text)}
		switch {
		case !d.Done.IsZero():
			l.More = "done by " + line.Of(string(d.DoneBy)) + " " + clock(d.Done, r.now)
		default:
			open++
			if !d.Due.IsZero() {
				l.More, l.Late = "due "+clock(d.Due, r.now), !d.Due.After(r.now)
			}
			n := fmt.Sprint(d.ID)
			l.Forms = []form{
				{Hidden: hidden("number", n), Buttons: []button{{"done-todo", "It is done", false}}},
				{Key: "assign-" + n, Sum: "Assign", Hidden: hidden("number", n), Fields: []formField{{Name: "to", Label: "To whom", Kind: "pick", Options: r.people}}, Buttons: []button{{"assign-todo", "Assign it", false}}},
			}
		}
		p.Lines = append(p.Lines, l)
	}
	if open > 0 {
		p.Count = fmt.Sprintf("%d open", open)
	}
	if r.open() || r.inc.Phase == incident.Resolved && len(r.inc.Todos) > 0 {
		p.Forms = []form{{Key: "todo", Sum: "Add something to do", Fields: []formField{
			{Name: "text", Label: "What is to be done", Kind: "line", Required: true},
			{Name: "to", Label: "Who does it", Kind: "pick", Options: r.mine()},
			{Name: "within", Label: "Remind them after so many minutes; empty: never", Kind: "line"},
		}, Buttons: []button{{"add-todo", "Add it", false}}}}
	}
	return p
}

// mine are the people, the viewer first.
func (r *room) mine() []option {
	all := slices.Clone(r.people)
	slices.SortStableFunc(all, func(a, b option) int {
		return map[bool]int{true: -1}[a.Value == r.me] - map[bool]int{true: -1}[b.Value == r.me]
	})
	return all
}

// decisions is what is to be decided, and what was.
func (r *room) decisions() roomPart {
	p := roomPart{ID: "decisions", Name: "Decisions"}
	for k := range r.inc.Decisions {
		d := &r.inc.Decisions[k]
		l := roomLine{Strong: "open", Text: line.Of(d.Text)}
		if d.Option > 0 && d.Option <= len(d.Options) {
			l.Strong = "decided"
			l.More = fmt.Sprintf("%s by %s: %s", line.Of(d.Options[d.Option-1]), line.Of(string(d.Said.By)), line.Of(d.Said.Text))
			p.Lines = append(p.Lines, l)
			continue
		}
		l.More = "whoever responds may decide"
		if n := len(d.Asked); n > 0 {
			l.More = line.Of(string(d.Asked[n-1])) + " is asked"
		}
		if !d.Until.IsZero() {
			l.More += "; the next one is at " + clock(d.Until, r.now)
		}
		var options []option
		for n, text := range d.Options {
			options = append(options, option{Value: fmt.Sprint(n + 1), Say: line.Of(text)})
		}
		number := fmt.Sprint(d.ID)
		l.Forms = []form{{Key: "decide-" + number, Sum: "Decide", Hidden: hidden("number", number), Fields: []formField{
			{Name: "option", Label: "What", Kind: "pick", Options: options}, {Name: "note", Label: "Why", Kind: "line", Required: true},
		}, Buttons: []button{{"decide", "Decide", false}}}}
		p.Lines = append(p.Lines, l)
	}
	if r.open() {
		p.Forms = []form{{Key: "ask", Sum: "Ask for a decision", Fields: []formField{
			{Name: "text", Label: "What is to be decided", Kind: "line", Required: true},
			{Name: "options", Label: "The options, one on each line", Kind: "text", Required: true},
			{Name: "to", Label: "Who decides", Kind: "pick", Options: r.people},
			{Name: "within", Label: "How many minutes they have", Kind: "line", Value: "30"},
		}, Buttons: []button{{"ask-decision", "Ask", false}}}}
	}
	return p
}

// customers is what customers and stakeholders hear.
func (r *room) customers() roomPart {
	c := r.inc.Comms
	if c == nil {
		return roomPart{ID: "customers"}
	}
	p := roomPart{ID: "customers", Name: "What customers hear", Count: "to " + line.Of(strings.Join(c.Audiences, ", "))}
	switch {
	case c.Drill:
		p.Count += "; a drill"
	case len(c.Audiences) == 0:
		p.Count = "nobody hears of it"
	}
	if !c.Due.IsZero() {
		l := roomLine{Strong: "The update " + string(c.Stage), Text: "is due " + clock(c.Due, r.now) + ", in", Due: countdown(c.Due, r.now)}
		if l.Late = !c.Due.After(r.now); l.Late {
			l.Text, l.Due = "was due "+clock(c.Due, r.now), nil
		}
		if c.Late > 0 {
			l.More = fmt.Sprintf("%s late so far", plural(c.Late, "update"))
		}
		p.Lines = append(p.Lines, l)
	} else if c.Owed {
		p.Lines = append(p.Lines, roomLine{Strong: "The last update", Text: "has not been sent: customers have not heard that it is over", Late: true})
	}
	for _, u := range slices.Backward(c.Updates) {
		p.Lines = append(p.Lines, r.update(&u))
	}
	if r.open() || r.inc.Phase == incident.Resolved || c.Owed {
		p.Forms = r.writing(c)
	}
	return p
}

// writing are the forms that make an update. The draft shows what each audience would read.
func (r *room) writing(c *comms.Situation) []form {
	var stages, to []option
	for _, s := range comms.Stages() {
		stages = append(stages, option{Value: string(s), Say: string(s), Here: s == c.Stage})
	}
	to = append(to, option{Say: "everybody who hears of it"})
	for _, a := range c.Audiences {
		to = append(to, option{Value: a, Say: line.Of(a)})
	}
	return []form{
		{Buttons: []button{{"send-update", "Send the update " + string(c.Stage), false}}},
		{Key: "draft", Sum: "Write an update; you see what each audience reads before it leaves", Fields: []formField{
			{Name: "stage", Label: "Stage", Kind: "pick", Options: stages},
			{Name: "audience", Label: "Who reads it", Kind: "pick", Options: to},
			{Name: "text", Label: "Text; empty: that of the plan", Kind: "text"},
			{Name: "affected", Label: "Who is affected", Kind: "line"},
			{Name: "doing", Label: "What we do", Kind: "line"},
			{Name: "workaround", Label: "What helps meanwhile", Kind: "line"},
			{Name: "expected", Label: "When it works again", Kind: "line"},
			r.confirm(),
		}, Buttons: []button{{"draft-update", "Show what they would read", false}}},
		{Key: "glass", Sum: "Send it without approval", Fields: []formField{{Name: "note", Label: "Why nobody can approve it; somebody looks at it afterwards", Kind: "line", Required: true}}, Buttons: []button{{"break-glass", "Send it without approval", false}}},
	}
}

func (r *room) confirm() formField {
	return formField{Name: "confirm", Label: "Send what was found in the text all the same", Kind: "check"}
}

// update is an update, with what each audience reads and what can be done about it.
func (r *room) update(u *comms.Update) roomLine {
	l := roomLine{Strong: u.ID + " " + string(u.Stage), At: second(u.Drafted.At, r.now)}
	number := hidden("update", u.ID)
	switch {
	case u.State == comms.Draft:
		l.Text = "drafted by " + line.Of(u.Drafted.By) + "; nobody is asked to approve it"
		if n := len(u.Asked); n > 0 {
			l.Text = fmt.Sprintf("drafted by %s; %s is asked to approve it until %s", line.Of(u.Drafted.By), line.Of(u.Asked[n-1]), clock(u.Until, r.now))
		}
		if u.Drafted.By != r.me {
			l.Forms = append(l.Forms, form{Hidden: number, Buttons: []button{{"approve-update", "Approve it", false}}})
		}
		l.Forms = append(l.Forms, form{Key: "no-" + u.ID, Sum: "Decline it", Hidden: number, Fields: []formField{{Name: "note", Label: "Why", Kind: "line", Required: true}}, Buttons: []button{{"decline-update", "Decline it", false}}})
	case u.State == comms.Approved:
		l.Text = "may be sent"
		if !u.Until.IsZero() {
			l.Text += " until " + clock(u.Until, r.now)
		}
		l.Forms = []form{{Hidden: number, Buttons: []button{{"send-update", "Send it now", true}}}}
	case u.State.Went():
		l.At = second(u.Sent.At, r.now)
		l.Text = string(u.State) + " by " + line.Of(u.Sent.By)
		if u.Unreviewed() {
			l.Text += " without approval; nobody has looked at it since"
			if u.Sent.By != r.me && u.Drafted.By != r.me {
				l.Forms = append(l.Forms, form{Hidden: number, Buttons: []button{{"approve-update", "I have looked at it", false}}})
			}
		}
		if u.State == comms.Sent {
			l.Forms = append(l.Forms, form{Key: "mend-" + u.ID, Sum: "Correct it", Hidden: number, Fields: []formField{{Name: "text", Label: "What is right", Kind: "text", Required: true}, r.confirm()}, Buttons: []button{{"correct-update", "Correct it", false}}},
				form{Key: "back-" + u.ID, Sum: "Take it back", Hidden: number, Fields: []formField{{Name: "note", Label: "Why, for the timeline", Kind: "line", Required: true}}, Buttons: []button{{"retract-update", "Take it back", false}}})
		}
	default:
		l.Text = string(u.State)
	}
	var texts []string
	for _, t := range u.Texts {
		texts = append(texts, line.Of(t.Audience)+": “"+clip(t.Text, 600)+"”")
	}
	l.More = strings.Join(texts, " ")
	return l
}

// course is how far the response is, and what a person says of it.
func (r *room) course() roomPart {
	p, i := roomPart{ID: "course", Name: "How far it is", Count: string(r.inc.Phase)}, r.inc
	if i.Step != "" {
		p.Count += ", " + string(i.Step)
	}
	for _, o := range i.Objectives {
		l := roomLine{Strong: "to " + string(o.Name), Text: "by " + clock(o.Due, r.now), Late: o.Breached}
		switch {
		case !o.Met.IsZero():
			l.Text = "done " + clock(o.Met, r.now)
			if o.Breached {
				l.Text += ", too late: it was due " + clock(o.Due, r.now)
			}
		case o.Breached:
			l.Text = "was due " + clock(o.Due, r.now)
		case o.AtRisk:
			l.Text += ", most of the time has passed"
		}
		p.Lines = append(p.Lines, l)
	}
	for _, d := range severity.Dimensions() {
		if g := i.Impact[d]; g != 0 {
			p.Lines = append(p.Lines, roomLine{Strong: string(d), Text: "the impact is " + g.String()})
		}
	}
	if i.Private {
		p.Lines = append(p.Lines, roomLine{Strong: "private", Text: "only who has a part in it sees it"})
	}
	p.Forms = r.moves()
	return p
}

// moves are the forms that move the incident on.
func (r *room) moves() []form {
	why := func(required bool) formField {
		return formField{Name: "note", Label: "Why", Kind: "line", Required: required}
	}
	reason := func(do, sum, say string, required bool) form {
		return form{Key: do, Sum: sum, Fields: []formField{why(required)}, Buttons: []button{{do, say, false}}}
	}
	var all []form
	phase := r.inc.Phase
	switch phase {
	case incident.Triage:
		all = append(all, form{Buttons: []button{{"accept", "Accept it as an incident", true}}}, reason("decline-incident", "It is none", "Decline it", true))
	case incident.Active:
		var steps []option
		for _, s := range []incident.Step{incident.Investigating, incident.Identified, incident.Mitigating} {
			steps = append(steps, option{Value: string(s), Say: string(s), Here: s == r.inc.Step})
		}
		all = append(all, form{Key: "proceed", Sum: "Say how far you are", Fields: []formField{{Name: "to", Label: "Step", Kind: "pick", Options: steps}}, Buttons: []button{{"proceed", "Say it", false}}})
	case incident.Resolved:
		all = append(all, form{Key: "close", Sum: "Close it", Fields: []formField{{Name: "note", Label: "Only if something is still open: why it is closed all the same", Kind: "line"}}, Buttons: []button{{"close", "Close it", false}}})
	}
	if phase == incident.Triage || phase == incident.Active {
		all = append(all, reason("mitigate", "It works again", "Say that it works again", false))
	}
	if phase == incident.Monitoring || phase == incident.Resolved {
		all = append(all, reason("reopen", "It is back", "Say that it is back", true))
	}
	if r.open() {
		all = append(all, r.assessing(why(true)), reason("cancel", "It was opened in error", "Cancel it", true))
	}
	if !r.inc.Private && (r.open() || phase == incident.Resolved) {
		all = append(all, reason("make-private", "Show it only to who has a part in it", "Make it private", true))
	}
	return append(all, form{Key: "amend", Sum: "Correct when it began", Fields: []formField{
		{Name: "when", Label: "When customers first noticed, in " + r.now.Location().String(), Kind: "time", Required: true, Value: cmp.Or(r.inc.ImpactStarted, r.inc.Detected).In(r.now.Location()).Format("2006-01-02T15:04")}, why(true),
	}, Buttons: []button{{"amend", "Correct it", false}}})
}

// assessing is the form that says what the incident costs.
func (r *room) assessing(why formField) form {
	var dimensions, grades []option
	for _, d := range severity.Dimensions() {
		dimensions = append(dimensions, option{Value: string(d), Say: string(d)})
	}
	for _, g := range []severity.Grade{severity.High, severity.Medium, severity.Low} {
		grades = append(grades, option{Value: g.String(), Say: g.String()})
	}
	return form{Key: "assess", Sum: "Say what it costs", Fields: []formField{
		{Name: "dimension", Label: "What", Kind: "pick", Options: dimensions}, {Name: "grade", Label: "How much", Kind: "pick", Options: grades}, why,
	}, Buttons: []button{{"assess", "Say it", false}}}
}
