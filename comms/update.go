package comms

import (
	"slices"
	"time"
)

// State is how far an update is.
type State string

// The states of an update.
const (
	Draft     State = "draft"     // it waits for an approval
	Approved  State = "approved"  // it may be sent until the approval expires
	Declined  State = "declined"  // somebody said no
	Dropped   State = "dropped"   // the incident went on without it
	Sent      State = "sent"      // it has left
	Corrected State = "corrected" // it was sent, and another update corrects it
	Retracted State = "retracted" // it was sent, and another update takes it back
)

// Went reports whether an update of the state has left.
func (s State) Went() bool { return s == Sent || s == Corrected || s == Retracted }

// Kind says what an update is to the one before.
type Kind string

// The kinds of update.
const (
	News       Kind = ""
	Correction Kind = "correction"
	Retraction Kind = "retraction"
)

// Update is one message to audiences.
type Update struct {
	ID        string   `json:"id" erase:"keep"` // in its incident, such as u1
	Kind      Kind     `json:"kind,omitempty" erase:"keep"`
	Of        string   `json:"of,omitempty" erase:"keep"` // the update that it corrects or retracts
	Stage     Stage    `json:"stage" erase:"keep"`
	State     State    `json:"state" erase:"keep"`
	Audiences []string `json:"audiences" erase:"keep"` // in the order in which they hear: those inside first
	Inside    bool     `json:"inside,omitempty"`       // nobody outside hears it
	Facts     Facts    `json:"facts"`
	Drafted   Drafted  `json:"drafted"`
	// Held is what a person let go on a second look.
	Held  []Finding `json:"held,omitempty"`
	Texts []Text    `json:"texts"` // as they left; before, as they would leave at the time of the draft

	Asked    []string  `json:"asked,omitempty" erase:"keep"` // who was asked to approve it, the latest in the end
	Turn     int       `json:"turn,omitempty"`               // how many roles were asked
	Until    time.Time `json:"until,omitzero"`               // of a draft: when the next one is asked; approved: when that expires
	Goes     bool      `json:"goes,omitempty"`               // it leaves as soon as it is approved
	Approved Verdict   `json:"approved,omitzero"`            // or declined
	Sent     Release   `json:"sent,omitzero"`
	Reviewed Verdict   `json:"reviewed,omitzero"` // of one that left without approval: who looked at it later
	Next     time.Time `json:"next,omitzero"`     // when it says that the next update comes
	Failed   []string  `json:"failed,omitempty" erase:"keep"`
	Ways     []Way     `json:"ways,omitempty"`
}

// Unreviewed reports whether the update left without approval and nobody has looked at it since.
func (u *Update) Unreviewed() bool { return u.Sent.Glass && u.Reviewed.At.IsZero() }

// Drafted is who wrote an update, and what the person typed.
type Drafted struct {
	By   string    `json:"by" erase:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty" erase:"said"` // in place of the templates; empty: the templates
}

// Verdict is what an approver said.
type Verdict struct {
	By   string    `json:"by,omitempty" erase:"by"`
	At   time.Time `json:"at,omitzero"`
	Text string    `json:"text,omitempty" erase:"said"`
}

// Release is who sent an update.
type Release struct {
	By    string    `json:"by,omitempty" erase:"by"`
	At    time.Time `json:"at,omitzero"`
	Glass bool      `json:"glass,omitempty"`             // without approval: the glass was broken
	Text  string    `json:"text,omitempty" erase:"said"` // why
}

// Text is what one audience reads.
type Text struct {
	Audience string `json:"audience" erase:"keep"`
	Text     string `json:"text" erase:"words"`
}

// Way is one message of an update.
type Way struct {
	Audience string `json:"audience" erase:"keep"`
	Seq      uint64 `json:"seq"` // of the message in its incident
}

// Breach is an update that did not come in time.
type Breach struct {
	Due   time.Time `json:"due"`
	Stage Stage     `json:"stage" erase:"keep"`
	Told  []string  `json:"told,omitempty" erase:"keep"` // who was paged for it
}

// Situation is how the communication of an incident stands.
type Situation struct {
	Plan      string    `json:"plan" erase:"keep"`
	Audiences []string  `json:"audiences" erase:"keep"`
	Drill     bool      `json:"drill,omitempty"`             // only the audience sandbox hears
	Stage     Stage     `json:"stage" erase:"keep"`          // of the update that is asked for
	Told      Stage     `json:"told,omitempty" erase:"keep"` // of the latest update that went outside; empty: none did
	Due       time.Time `json:"due,omitzero"`                // when the next update is due; zero: none is
	Promised  time.Time `json:"promised,omitzero"`           // when the latest update said that the next one comes
	Owed      bool      `json:"owed,omitempty"`              // the last update, of stage resolved, must come before the incident is closed
	Updates   []Update  `json:"updates,omitempty"`
	Breaches  []Breach  `json:"breaches,omitempty"` // the latest 20
	Late      int       `json:"late,omitempty"`     // number of breaches
}

// Post is what a public page may show of an incident. It is built of updates that were sent, and has no id of anything inside.
type Post struct {
	ID         string    `json:"id,omitempty"`      // public, not that of an incident
	Service    string    `json:"service,omitempty"` // the name that customers know
	Title      string    `json:"title,omitempty"`   // what does not work, a sentence
	Components []string  `json:"components,omitempty"`
	Impact     string    `json:"impact,omitempty"` // none, minor, major or critical
	Stage      Stage     `json:"stage"`            // of the latest entry
	Since      time.Time `json:"since,omitzero"`   // when the impairment began
	Until      time.Time `json:"until,omitzero"`   // when it was over; zero: it is not
	Entries    []Entry   `json:"entries"`          // the latest first
}

// Entry is one update in a [Post].
type Entry struct {
	Kind  Kind      `json:"kind,omitempty"`
	Stage Stage     `json:"stage"`
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
	Next  time.Time `json:"next,omitzero"` // when the next update comes
	State State     `json:"state"`         // sent, corrected or retracted
}

// Publish returns what an audience has been told by updates; false if it was told nothing. Drafts, and updates to other audiences, are
// left out.
func Publish(audience string, updates []Update) (Post, bool) {
	var p Post
	for i := range updates {
		u := &updates[i]
		n := slices.IndexFunc(u.Texts, func(t Text) bool { return t.Audience == audience })
		if n < 0 || !u.State.Went() {
			continue
		}
		p.Service = u.Facts.Service
		p.Entries = append(p.Entries, Entry{u.Kind, u.Stage, u.Sent.At, u.Texts[n].Text, u.Next, u.State})
	}
	slices.Reverse(p.Entries) // of two at one instant the later update comes first
	slices.SortStableFunc(p.Entries, func(a, b Entry) int { return b.At.Compare(a.At) })
	if len(p.Entries) == 0 {
		return p, false
	}
	p.Stage = p.Entries[0].Stage
	return p, true
}
