package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/window"
)

// Ledger counts the runs of one runbook over all incidents. The zero value is empty. The ledger of a tenant and runbook is one record.
// Every incident that begins or ends a run locks it, so its counts are exact.
type Ledger struct {
	Runs []Entry `json:"runs,omitempty"` // runs that still count, in the order in which they began
}

// Entry is an admitted run.
type Entry struct {
	Run     string    `json:"run" erase:"keep"`
	Subject string    `json:"subject,omitempty" erase:"words"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"` // when it stopped acting; zero: it may still act
	// Idle marks an ended run that did no step but diagnostics. It was no fix, so the guard Masking does not count it.
	Idle bool `json:"idle,omitempty"`
}

// Admit admits and counts a run for the subject, or returns the limit that refuses it. Refused runs do not count. A run that was
// admitted before is admitted again and counts once.
//
// The clocks of incidents differ. An instant before the latest one in the ledger counts as the latest one, so that no span has more
// runs than the limit.
func (l *Ledger) Admit(at time.Time, limit automate.Limit, run, subject string) *Refusal {
	if slices.ContainsFunc(l.Runs, func(e Entry) bool { return e.Run == run }) {
		return nil
	}
	if refusal := l.Check(at, limit, subject); refusal != nil {
		return refusal
	}
	at, limit = l.from(at), withDefaults(limit)
	l.prune(at, &limit)
	l.Runs = append(l.Runs[:len(l.Runs):len(l.Runs)], Entry{Run: run, Subject: subject, Began: at})
	return nil
}

// Check returns the limit that would refuse a run for the subject, nil if it would be admitted. It counts nothing.
func (l *Ledger) Check(at time.Time, limit automate.Limit, subject string) *Refusal {
	at, limit = l.from(at), withDefaults(limit)
	for _, refuses := range []func(time.Time, *automate.Limit, string) *Refusal{
		l.masked, l.overlaps, l.cooling, l.rates, l.radius,
	} {
		if r := refuses(at, &limit, subject); r != nil {
			return r
		}
	}
	return nil
}

// from returns the instant, or the latest one in the ledger if that is later.
func (l *Ledger) from(at time.Time) time.Time {
	if n := len(l.Runs); n > 0 && at.Before(l.Runs[n-1].Began) {
		return l.Runs[n-1].Began
	}
	return at
}

// Release notes that the run has stopped acting, and whether it acted at all. Another run may begin, and the cool-down starts.
func (l *Ledger) Release(at time.Time, run string, acted bool) {
	i := slices.IndexFunc(l.Runs, func(e Entry) bool { return e.Run == run })
	if i < 0 || !l.Runs[i].Ended.IsZero() {
		return
	}
	l.Runs = slices.Clone(l.Runs)
	e := &l.Runs[i]
	if e.Ended, e.Idle = at, !acted; at.Before(e.Began) {
		e.Ended = e.Began
	}
}

// prune removes the runs that no longer count.
func (l *Ledger) prune(at time.Time, limit *automate.Limit) {
	l.Runs = slices.DeleteFunc(slices.Clone(l.Runs), func(e Entry) bool {
		return !e.Ended.IsZero() && !at.Before(e.Began.Add(horizon(limit))) && !at.Before(e.Ended.Add(limit.Cooldown))
	})
}

// masked refuses a run that would exceed the limit Masking.
func (l *Ledger) masked(at time.Time, limit *automate.Limit, subject string) *Refusal {
	fix := func(e *Entry) bool { return e.Subject == subject && !e.Idle }
	until, full := l.full(at, automate.Rate{Count: limit.Masking.Count - 1, Per: limit.Masking.Per}, fix)
	if !full {
		return nil
	}
	return &Refusal{
		Limit: "masking", Until: until, Page: true,
		Why: fmt.Sprintf("it would be run number %d for %q in %v: the fix does not last", limit.Masking.Count, subject, limit.Masking.Per),
	}
}

// overlaps refuses a run while another run acts on the subject, or while Concurrent runs act.
func (l *Ledger) overlaps(_ time.Time, limit *automate.Limit, subject string) *Refusal {
	acting := 0
	for _, e := range l.Runs {
		if !e.Ended.IsZero() {
			continue
		}
		if acting++; e.Subject == subject {
			return &Refusal{Limit: "concurrent", Why: fmt.Sprintf("run %s for %q is under way", e.Run, subject)}
		}
	}
	if acting < limit.Concurrent {
		return nil
	}
	return &Refusal{Limit: "concurrent", Why: fmt.Sprintf("%d runs are under way, %d may be", acting, limit.Concurrent)}
}

func (l *Ledger) cooling(at time.Time, limit *automate.Limit, subject string) *Refusal {
	var until time.Time
	for _, e := range l.Runs {
		if end := e.Ended.Add(limit.Cooldown); e.Subject == subject && end.After(until) {
			until = end
		}
	}
	if limit.Cooldown == 0 || !at.Before(until) {
		return nil
	}
	return &Refusal{Limit: "cooldown", Until: until, Why: fmt.Sprintf("the last run for %q ended less than %v ago", subject, limit.Cooldown)}
}

func (l *Ledger) rates(at time.Time, limit *automate.Limit, subject string) *Refusal {
	if until, full := l.full(at, limit.Subject, func(e *Entry) bool { return e.Subject == subject }); full {
		return &Refusal{
			Limit: "subject", Until: until, Why: fmt.Sprintf("%d runs for %q in %v", limit.Subject.Count, subject, limit.Subject.Per),
		}
	}
	if until, full := l.full(at, limit.Fleet, func(*Entry) bool { return true }); full {
		return &Refusal{Limit: "fleet", Until: until, Why: fmt.Sprintf("%d runs in %v", limit.Fleet.Count, limit.Fleet.Per)}
	}
	return nil
}

// radius refuses a run for a new subject if the span has Subjects distinct subjects already. The last run of each subject counts.
func (l *Ledger) radius(at time.Time, limit *automate.Limit, subject string) *Refusal {
	r := limit.Subjects
	if r.Count == 0 {
		return nil
	}
	last := make(map[string]time.Time)
	for _, e := range l.Runs {
		if e.Began.Add(r.Per).After(at) {
			last[e.Subject] = e.Began
		}
	}
	if _, known := last[subject]; known {
		return nil
	}
	log := window.New(r.Count, r.Per)
	for _, began := range slices.SortedFunc(maps.Values(last), time.Time.Compare) {
		log.Pass(began)
	}
	until := log.Next(at, 0)
	if !until.After(at) {
		return nil
	}
	return &Refusal{
		Limit: "subjects", Until: until, Why: fmt.Sprintf("%d other subjects were acted upon in %v", len(last), r.Per),
	}
}

// full reports whether the span up to the instant has as many counted runs as the rate allows, and until when.
func (l *Ledger) full(at time.Time, r automate.Rate, counted func(*Entry) bool) (until time.Time, full bool) {
	log := window.New(r.Count, r.Per)
	for i := range l.Runs {
		if e := &l.Runs[i]; counted(e) {
			log.Pass(e.Began)
		}
	}
	until = log.Next(at, 0)
	return until, until.After(at)
}

// withDefaults returns the limit with the defaults filled in.
func withDefaults(l automate.Limit) automate.Limit {
	l.Fleet = cmp.Or(l.Fleet, automate.Rate{Count: 20, Per: time.Hour})
	l.Concurrent = cmp.Or(l.Concurrent, 5)
	l.Masking = cmp.Or(l.Masking, automate.Rate{Count: 3, Per: 24 * time.Hour})
	return l
}

// horizon returns how long after its begin an ended run may still count for a rate.
func horizon(l *automate.Limit) time.Duration {
	return max(l.Subject.Per, l.Fleet.Per, l.Subjects.Per, l.Masking.Per)
}
