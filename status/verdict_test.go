package status_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

var (
	noon = time.Date(2026, 8, 19, 14, 5, 40, 0, time.UTC) // a Wednesday
	duty = []status.Duty{{Team: "payments", People: []string{"ana"}}, {Team: "platform", People: []string{"cho"}}, {Team: "shop", People: []string{"ana"}}}
)

func before(d time.Duration) time.Time { return noon.Add(-d) }

// down is a P1 that nobody has.
func down(change ...func(*status.Incident)) status.Incident {
	i := status.Incident{
		ID: "k3x9", Title: "Checkout is down", Service: "checkout", Priority: severity.P1, State: status.Unheld,
		Since: before(4*time.Minute + 20*time.Second), Alerts: 1, Asked: []string{"ana"}, Next: []string{"ben"}, NextAt: noon.Add(100 * time.Second),
	}
	for _, c := range change {
		c(&i)
	}
	return i
}

func held(by ...string) func(*status.Incident) {
	return func(i *status.Incident) {
		i.State, i.Holders, i.HeldAt, i.NextAt = status.Held, by, time.Date(2026, 8, 19, 14, 7, 0, 0, time.UTC).Add(-10*time.Minute), time.Time{}
	}
}

func watched(i *status.Incident) {
	i.State, i.NextAt, i.Recovered, i.Until = status.Watched, time.Time{}, before(5*time.Minute), noon.Add(10*time.Minute)
}

func named(title string, p severity.Priority) func(*status.Incident) {
	return func(i *status.Incident) { i.Title, i.Priority = title, p }
}

// many returns n incidents, of which so many are P1 and the first so many have nobody.
func many(n, p1, unheld int) (all []status.Incident) {
	for k := range n {
		i := down(func(i *status.Incident) { i.Since = before(6 * time.Minute) })
		if k >= p1 {
			i.Priority = severity.P3
		}
		if k >= unheld {
			held("cho")(&i)
		}
		all = append(all, i)
	}
	return all
}

func open(all ...status.Incident) status.Snapshot {
	return status.Snapshot{Now: noon, AsOf: noon, Services: 12, Open: all, OnCall: duty}
}

func with(s status.Snapshot, change func(*status.Snapshot)) status.Snapshot {
	change(&s)
	return s
}

func TestVerdict(t *testing.T) {
	gone := func(s *status.Snapshot) { s.Fault, s.AsOf = "the store does not answer", before(95*time.Second) }
	gapNow := func(s *status.Snapshot) {
		s.Gaps = []status.Gap{{Team: "payments", From: before(time.Hour), To: noon.Add(91 * time.Hour)}}
	}
	lostOne := func(s *status.Snapshot) {
		s.Lost = []status.Lost{{To: "ana", Channel: "sms", Priority: severity.P1, Title: "Checkout is down", Died: before(4 * time.Minute)}}
	}
	silent := func(names ...string) func(*status.Snapshot) {
		return func(s *status.Snapshot) {
			s.Heard.Intakes = []tocsin.Intake{{Name: "loud", Last: noon}}
			for k, name := range names {
				s.Heard.Intakes = append(s.Heard.Intakes, tocsin.Intake{Name: name, Last: before(40*time.Minute + time.Duration(k)*time.Second), Usual: time.Minute, Silent: true})
			}
		}
	}
	for _, c := range []struct {
		name string
		of   status.Snapshot
		want string
	}{
		{"quiet", with(open(), func(s *status.Snapshot) { s.Ended = before(23*time.Hour + 55*time.Minute) }), "All quiet. 12 services, nothing open since Tue 14:10. ana and cho are on call."},
		{"quiet since today", with(open(), func(s *status.Snapshot) { s.Ended = before(time.Hour) }), "All quiet. 12 services, nothing open since 13:05. ana and cho are on call."},
		{"quiet since long", with(open(), func(s *status.Snapshot) { s.Ended = before(40 * 24 * time.Hour) }), "All quiet. 12 services, nothing open since 10 Jul 14:05. ana and cho are on call."},
		{"quiet without history", open(), "All quiet. 12 services, nothing is open. ana and cho are on call."},
		{"quiet without a catalog", status.Snapshot{Now: noon, AsOf: noon}, "All quiet. Nothing is open."},
		{"quiet with one service and one person", status.Snapshot{Now: noon, Services: 1, OnCall: duty[:1]}, "All quiet. 1 service, nothing is open. ana is on call."},
		{"quiet with a crowd on call", with(open(), func(s *status.Snapshot) {
			s.OnCall = []status.Duty{{People: []string{"ana", "ben", "cho", "dee", "eve"}}}
		}), "All quiet. 12 services, nothing is open. ana, ben and 3 others are on call."},
		{"a gap that is to come", with(open(), func(s *status.Snapshot) {
			s.Gaps = []status.Gap{{Team: "payments", From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)}}
		}), "All quiet. 12 services, nothing is open. ana and cho are on call."},
		{"quiet, all intakes are as usual", with(open(), silent()), "All quiet. 12 services, nothing is open. ana and cho are on call."},
		{"quiet, but an intake is silent", with(open(), silent("prometheus-eu")), "Quiet, but prometheus-eu has said nothing for 40 min. 12 services, nothing is open. ana and cho are on call."},
		{"quiet, but intakes are silent", with(open(), silent("prometheus-eu", "grafana", "zabbix")), "Quiet, but zabbix and 2 other intakes have said nothing for 40 min. 12 services, nothing is open. ana and cho are on call."},
		{"quiet, but this process hears nothing", with(open(), func(s *status.Snapshot) { silent("prometheus-eu")(s); s.Heard.Shared = true }), "Quiet, but prometheus-eu has said nothing to this process for 40 min. 12 services, nothing is open. ana and cho are on call."},
		{"quiet, but an intake of any name is silent", with(open(), silent(strings.Repeat("w", 300)+"\u202e\n")), "Quiet, but wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww… has said nothing for 40 min. 12 services, nothing is open. ana and cho are on call."},
		{"an intake is silent while something is for information", with(open(down(func(i *status.Incident) { i.State = status.Informed })), silent("prometheus-eu")), "Quiet, but prometheus-eu has said nothing for 40 min. 1 incident for information."},
		{"watched before a silent intake", with(open(down(watched)), silent("prometheus-eu")), "Nothing is failing. Checkout recovered at 14:00 and is watched until 14:15."},
		{"blind before a silent intake", with(open(), func(s *status.Snapshot) { silent("prometheus-eu")(s); gone(s) }), "We cannot say: no decision for 95 s, the store does not answer. What you see is from 14:04:05."},
		{"unheld", open(down()), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld, two were paged", open(down(func(i *status.Incident) {
			i.Asked, i.Next, i.NextAt = []string{"ana", "ben"}, []string{"cho", "dee"}, noon.Add(4*time.Minute)
		})), "Checkout is down for 4 min and nobody has it. ana and ben were paged; cho and dee are next in 4 min."},
		{"unheld, paged once", open(down(func(i *status.Incident) { i.Pages = []int{1} })), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld, paged twice", open(down(func(i *status.Incident) { i.Pages = []int{2} })), "Checkout is down for 4 min and nobody has it. ana was paged twice; ben is next in 1 min 40 s."},
		{"unheld, two were paged three times", open(down(func(i *status.Incident) { i.Asked, i.Pages = []string{"ana", "ben"}, []int{3, 3} })), "Checkout is down for 4 min and nobody has it. ana and ben were paged three times; ben is next in 1 min 40 s."},
		{"unheld, one was paged more often", open(down(func(i *status.Incident) { i.Asked, i.Pages = []string{"ana", "ben"}, []int{2, 1} })), "Checkout is down for 4 min and nobody has it. ana and ben were paged; ben is next in 1 min 40 s."},
		{"unheld, paged by an old version", open(down(func(i *status.Incident) { i.Pages = []int{0} })), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld, nobody was paged yet", open(down(func(i *status.Incident) {
			i.Since, i.Asked, i.Next, i.NextAt = before(10*time.Second), nil, []string{"ana"}, noon.Add(20*time.Second)
		})), "Checkout is down for 10 s and nobody has it. ana is next in 20 s."},
		{"unheld, the policy has ended", open(down(func(i *status.Incident) { i.NextAt = time.Time{} })), "Checkout is down for 4 min and nobody has it. ana was paged; nobody is next."},
		{"unheld on a screen", open(down(func(i *status.Incident) { i.Asked, i.Next = nil, nil })), "Checkout is down for 4 min and nobody has it. Somebody is asked in 1 min 40 s."},
		{"unheld without a title", open(down(named("", severity.P1))), "incident k3x9 for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld with a full stop", open(down(named("Checkout is down.", severity.P1))), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld with a long title", open(down(named("p99 of POST /v2/checkout/confirm of customers in region eu-central-1 is above four seconds", severity.P1))), "p99 of POST /v2/checkout/confirm of customers in region eu-cent… for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"several unheld", open(down(), down(named("Ledger refuses bookings", severity.P2)), down(held("cho"))), "Two incidents have nobody. Worst: P1 Checkout is down for 4 min; ben is next in 1 min 40 s."},
		{"several unheld, long names", open(down(func(i *status.Incident) {
			i.Title, i.Next = strings.Repeat("w", 200), []string{strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40)}
		}), down()), "Two incidents have nobody. Worst: P1 wwwwwwwwwwwwwwwwwww… for 4 min; aaaaaaaaaaaaaaaaaaa…, bbbbbbbbbbbbbbbbbbb… and ccccccccccccccccccc… ar…"},
		{"unheld before a lost page", with(open(down()), lostOne), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"unheld before a gap", with(open(down()), gapNow), "Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
		{"a page nobody got", with(open(down(held("ben"))), lostOne), "A page to ana over sms reached nobody at 14:01. It was about P1 Checkout is down."},
		{"pages nobody got", with(open(), func(s *status.Snapshot) { lostOne(s); s.Lost = append(s.Lost, s.Lost[0]) }), "Two pages reached nobody, the last at 14:01. It was about P1 Checkout is down."},
		{"a gap now", with(open(), gapNow), "Nobody is on call for payments until Sun 09:05. Nothing is open."},
		{"a gap without an end", with(open(), func(s *status.Snapshot) { gapNow(s); s.Gaps[0].To = time.Time{} }), "Nobody is on call for payments. Nothing is open."},
		{"a gap while all is in hand", with(open(down(held("ben"))), gapNow), "Nobody is on call for payments until Sun 09:05. Open: 1, all in hand."},
		{"held", open(down(held("ben"))), "One incident, in hand. P1 Checkout is down, ben since 13:57."},
		{"two held", open(down(held("ben")), down(held("cho"))), "Two incidents, both in hand. Worst: P1 Checkout is down, ben since 13:57."},
		{"held by two", open(down(held("ben", "cho")), down(held("cho")), down(held("cho"))), "Three incidents, all in hand. Worst: P1 Checkout is down, ben and cho since 13:57."},
		{"held on a screen", open(down(held())), "One incident, in hand. P1 Checkout is down, taken at 13:57."},
		{"held before watched", open(down(held("ben")), down(watched)), "One incident, in hand. P1 Checkout is down, ben since 13:57."},
		{"watched", open(down(watched)), "Nothing is failing. Checkout recovered at 14:00 and is watched until 14:15."},
		{"watched until a person ends it", open(down(watched, func(i *status.Incident) { i.Until = time.Time{} })), "Nothing is failing. Checkout recovered at 14:00 and stays open until somebody resolves it."},
		{"watched while an alert fires", open(down(watched, func(i *status.Incident) { i.Firing, i.Until = 1, time.Time{} })), "One alert still fires. Checkout was called recovered at 14:00 and stays open until somebody resolves it."},
		{"watched while two alerts fire", open(down(watched), down(watched, func(i *status.Incident) { i.Firing = 2 })), "Two alerts still fire. Checkout recovered at 14:00 and is watched until 14:15; one more is watched."},
		{"several watched", open(down(watched), down(watched), down(watched)), "Nothing is failing. Checkout recovered at 14:00 and is watched until 14:15; two more are watched."},
		{"watched without a service", open(down(watched, func(i *status.Incident) { i.Service = "" })), "Nothing is failing. Checkout is down recovered at 14:00 and is watched until 14:15."},
		{"for information", open(down(func(i *status.Incident) { i.State, i.Priority = status.Informed, severity.P3 })), "Nothing needs an answer. P3 Checkout is down for 4 min; only notices were sent."},
		{"storm of one service", with(open(many(41, 3, 2)...), func(s *status.Snapshot) {
			s.Needed = status.Need{Service: "media", Incidents: 41}
			for i := range s.Open {
				s.Open[i].Service = "media"
			}
		}), "41 incidents in 6 min, 3 of them P1; 41 are about media. Two P1 have nobody."},
		{"storm", with(open(many(41, 3, 2)...), func(s *status.Snapshot) { s.Needed = status.Need{Service: "db-primary", Incidents: 38} }), "41 incidents in 6 min, 3 of them P1; 38 need db-primary. Two P1 have nobody."},
		{"storm, one has nobody", open(many(41, 3, 1)...), "41 incidents in 6 min, 3 of them P1. P1 Checkout is down has nobody."},
		{"storm in hand", open(many(12, 0, 0)...), "12 incidents in 6 min. All are in hand."},
		{"blind", with(open(down()), gone), "We cannot say: no decision for 95 s, the store does not answer. What you see is from 14:04:05."},
		{"blind for long", with(open(), func(s *status.Snapshot) { gone(s); s.AsOf = before(3 * time.Hour) }), "We cannot say: no decision for 3 h, the store does not answer. What you see is from 11:05:40."},
		{"a title that is no line", open(down(named("down\n\x1b[31m\u202egpj.exe", severity.P1))), "down ⏎ ␛[31mgpj.exe for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s."},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, status.Verdict(c.of))
		})
	}
}

// TestVerdictProperties draws snapshots with any texts in them.
func TestVerdictProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		got := status.Verdict(s)
		if n := utf8.RuneCountInString(got); n == 0 || n > 140 {
			t.Fatalf("%d characters: %q", n, got)
		}
		if strings.TrimSpace(got) != got || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("not one line of visible characters: %q", got)
		}
		if s.Fault != "" {
			return
		}
		for i := range s.Open {
			if s.Open[i].State == status.Unheld && s.Open[i].Priority == severity.P1 && !strings.Contains(got, "P1") && !strings.Contains(got, "nobody has it") {
				t.Fatalf("a P1 that nobody has is not named: %q", got)
			}
		}
	})
}

func drawn(t *rapid.T) status.Snapshot {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "ana", strings.Repeat("w", 400), "a\nb", "\u202e\u2066x"}))
	when := rapid.Custom(func(t *rapid.T) time.Time {
		return noon.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "offset")))
	})
	one := rapid.Custom(func(t *rapid.T) status.Incident {
		return status.Incident{
			ID: text.Draw(t, "id"), Title: text.Draw(t, "title"), Service: text.Draw(t, "service"),
			Priority: severity.Priority(rapid.IntRange(1, 5).Draw(t, "priority")),
			State:    rapid.SampledFrom([]status.State{status.Unheld, status.Held, status.Watched, status.Informed}).Draw(t, "state"),
			Since:    when.Draw(t, "since"), HeldAt: when.Draw(t, "held"), NextAt: when.Draw(t, "next"), Until: when.Draw(t, "until"),
			Holders: rapid.SliceOfN(text, 0, 5).Draw(t, "holders"), Asked: rapid.SliceOfN(text, 0, 5).Draw(t, "asked"), Pages: rapid.SliceOfN(rapid.Int(), 0, 5).Draw(t, "pages"), Next: rapid.SliceOfN(text, 0, 5).Draw(t, "nexts"),
		}
	})
	s := status.Snapshot{
		Now: noon, AsOf: when.Draw(t, "as of"), Fault: rapid.OneOf(rapid.Just(""), text).Draw(t, "fault"), Services: rapid.IntRange(0, 1e6).Draw(t, "services"),
		Open: rapid.SliceOfN(one, 0, 30).Draw(t, "open"), OnCall: []status.Duty{{Team: text.Draw(t, "team"), People: rapid.SliceOfN(text, 0, 6).Draw(t, "people")}},
	}
	if rapid.Bool().Draw(t, "silent") {
		s.Heard = tocsin.Heard{Shared: rapid.Bool().Draw(t, "shared"), Intakes: []tocsin.Intake{{Name: text.Draw(t, "intake"), Last: when.Draw(t, "heard"), Silent: true}}}
	}
	if rapid.Bool().Draw(t, "gap") {
		s.Gaps = []status.Gap{{Team: text.Draw(t, "gap of"), From: when.Draw(t, "from"), To: when.Draw(t, "to")}}
	}
	if rapid.Bool().Draw(t, "lost") {
		s.Lost = []status.Lost{{To: text.Draw(t, "lost"), Channel: text.Draw(t, "channel"), Title: text.Draw(t, "about"), Priority: severity.P2, Died: when.Draw(t, "died")}}
	}
	return s
}
