package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

// verdict is the result of a run of replicas. Every count of lost, changed, twice, double, violated or stale must be
// zero.
type verdict struct {
	Seed     uint64         `json:"seed"`
	Replicas int            `json:"replicas"`
	Seconds  float64        `json:"seconds"`
	LeaseMs  int64          `json:"lease_ms"`
	WaitMs   int64          `json:"wait_ms"`
	SkewMs   int64          `json:"skew_ms"`
	Faults   map[string]int `json:"faults"`

	Accepted    int `json:"events_accepted"`
	EventsLost  int `json:"events_lost"`  // accepted, but not counted by an alert
	EventsTwice int `json:"events_twice"` // counted more often than accepted

	Pages     int `json:"pages"`
	PagesLost int `json:"pages_lost"` // due or fired, but never came
	// Withdrawn and Expired pages did not come, and the timeline says why: a person had acknowledged the incident, or it
	// was resolved; or the page's time had passed and the next level was paged.
	Withdrawn int `json:"pages_withdrawn"`
	Expired   int `json:"pages_expired"`
	Repeats   int `json:"repeats"` // under the same key
	// KeysChanged counts pages of one round, level and person that came under more than one key.
	KeysChanged int `json:"keys_changed"`
	// DoubleEscalations counts levels that fired twice or after an acknowledgement, and pages of no fired level.
	DoubleEscalations int `json:"double_escalations"`
	// OrderViolations counts messages that first came after a later message of the same incident to the same contact. Pages and other
	// messages count apart.
	OrderViolations int `json:"order_violations"`
	// StaleRefused counts refused outcomes of sends whose task another replica had claimed. StaleSettled counts such
	// outcomes that were accepted.
	StaleRefused int `json:"stale_settles_refused"`
	StaleSettled int `json:"stale_settles_accepted"`

	// ResumeMs is the 99th percentile of the time from a fault to the next new message.
	ResumeMs int64 `json:"resume_p99_ms"`
	// LatestMs is the longest time from an event to the first page of its incident.
	LatestMs int64 `json:"first_page_max_ms"`
}

// fault returns an error if a promise was broken.
func (v *verdict) fault() error {
	if n := v.EventsLost + v.EventsTwice + v.PagesLost + v.KeysChanged + v.DoubleEscalations + v.OrderViolations + v.StaleSettled; n > 0 {
		return fmt.Errorf("the promises were broken %d times", n)
	}
	return nil
}

// incident compares a timeline with the deliveries and with the expected pages.
func (v *verdict) incident(l *life, s *story, came []delivery) {
	keys := make(map[page]map[string]bool)
	first := make(map[string]bool)
	type lane struct {
		to   string
		page bool
	}
	last := make(map[lane]uint64) // the highest number so far
	for _, d := range came {
		p := page{d.round, d.level, d.to}
		if first[d.key] {
			v.Repeats++
			continue
		}
		first[d.key] = true
		if d.kind == notify.Page {
			if keys[p] == nil {
				keys[p] = make(map[string]bool)
			}
			keys[p][d.key] = true
			v.LatestMs = max(v.LatestMs, v.late(l, d))
		}
		if s.excused[p] != "" {
			continue // it was being sent when it was withdrawn
		}
		if in := (lane{d.to, d.kind == notify.Page}); d.seq < last[in] {
			v.OrderViolations++
		} else {
			last[in] = d.seq
		}
	}
	v.pages(l, s, keys)
}

// late returns the time from the event to the first page, in milliseconds.
func (v *verdict) late(l *life, d delivery) int64 {
	if d.round > 1 || d.level > 1 {
		return 0
	}
	return d.at.Sub(l.begins).Milliseconds()
}

func (v *verdict) pages(l *life, s *story, keys map[page]map[string]bool) {
	v.DoubleEscalations += s.after
	if l.alone && l.fired > 0 {
		for _, p := range planOf(l.number).pages() {
			if s.fired[p] == 0 {
				v.PagesLost++
			}
		}
	}
	for p, times := range s.fired {
		v.DoubleEscalations += times - 1
		switch {
		case len(keys[p]) > 0:
		case s.excused[p] == incident.WordWithdrawn:
			v.Withdrawn++
		case s.excused[p] != "":
			v.Expired++
		default:
			v.PagesLost++
		}
	}
	for p, under := range keys {
		v.Pages++
		if len(under) > 1 {
			v.KeysChanged++
		}
		if s.fired[p] == 0 {
			v.DoubleEscalations++
		}
	}
}

// pages returns the pages of an incident that nobody acknowledges.
func (p *plan) pages() (all []page) {
	for pass := range p.passes {
		for level, people := range p.levels {
			for _, name := range people {
				all = append(all, page{pass + 1, level + 1, string(name)})
			}
		}
	}
	return all
}

// settled reads the journal. Nobody may settle a task after another replica has claimed it.
func (v *verdict) settled(journal *bufio.Scanner) error {
	claimed := make(map[string]uint64)
	stale := make(map[string]bool) // settlements that began after another claim
	for journal.Scan() {
		var what, id string
		var fence uint64
		if _, err := fmt.Sscan(journal.Text(), &what, &id, &fence); err != nil {
			return fmt.Errorf("the journal says %q: %w", journal.Text(), err)
		}
		try := fmt.Sprint(id, " ", fence)
		switch what {
		case "claimed":
			claimed[id] = max(claimed[id], fence)
		case "try":
			stale[try] = claimed[id] > fence
		case "refused":
			v.StaleRefused++
		case "settled":
			if stale[try] {
				v.StaleSettled++
			}
		}
	}
	return journal.Err()
}

// resumed computes the time from each fault to the next new message.
func (v *verdict) resumed(struck []stroke, came []delivery) {
	known := make(map[string]bool)
	var fresh []time.Time
	for _, d := range came {
		if !known[d.key] {
			known[d.key] = true
			fresh = append(fresh, d.at)
		}
	}
	var took []time.Duration
	for _, s := range struck {
		for len(fresh) > 0 && fresh[0].Before(s.at) {
			fresh = fresh[1:]
		}
		if len(fresh) > 0 {
			took = append(took, fresh[0].Sub(s.at))
		}
	}
	v.ResumeMs = p99(took).Milliseconds()
}
