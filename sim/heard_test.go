package sim_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// long says that the long forms of tests are to run.
func long() bool { return os.Getenv("TOCSIN_LONG") == "1" }

// TestEveryAlertIsHeard plays random histories: of each occurrence of each alert its owner hears in time, or a reason stands for it that
// nobody is told; no message says what is not so; and no first page of a P1 waits for another message. TOCSIN_HEARD=kind/seed plays and
// tells one history, and TOCSIN_HEARD=number so many of them.
func TestEveryAlertIsHeard(t *testing.T) {
	kind, seed, one := strings.Cut(os.Getenv("TOCSIN_HEARD"), "/")
	n, _ := strconv.Atoi(kind + seed)
	if one {
		n, _ = strconv.Atoi(seed)
		p, sum := play(t, historyOf(kindNamed(kind), int64(n))), newTally()
		t.Logf("%s", p.story())
		sum.check(p)
		report(t, map[string]*tally{kind: sum})
		return
	}
	histories := cmp.Or(n, 200)
	if long() {
		histories = cmp.Or(n, 2000)
	}
	sums := map[string]*tally{}
	for i := range histories {
		k := &senderKinds[i%len(senderKinds)]
		if sums[k.name] == nil {
			sums[k.name] = newTally()
		}
		sums[k.name].check(play(t, historyOf(k, int64(i/len(senderKinds)+1))))
	}
	report(t, sums)
}

// TestRow55 plays histories and judges the messages alone: none that left says what was not so, but
// for the crossings of heardleft_test.go, and no first page of a P1 waits for another message.
func TestRow55(t *testing.T) {
	messages, crossings, histories := 0, 0, 120
	if testing.Short() {
		histories = 30
	}
	for i := range histories {
		p := play(t, historyOf(&senderKinds[i%len(senderKinds)], int64(i/len(senderKinds)+1)))
		messages += len(p.post.messages)
		for _, u := range p.untrue() {
			if p.leftUntrue(u) == "" {
				t.Errorf("%s/%d: %s", p.h.kind, p.h.seed, u)
			} else {
				crossings++
			}
		}
		for _, what := range p.post.wrong {
			t.Errorf("%s/%d: %s", p.h.kind, p.h.seed, what)
		}
	}
	t.Logf("%d histories, %d messages, %d of them untrue by a crossing that no time tells", histories, messages, crossings)
}

// report prints the figures of each kind of sender, what is left, and what is wrong.
func report(t *testing.T, sums map[string]*tally) {
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		t.Log(name, sums[name])
		for _, what := range sums[name].wrong {
			t.Error(what)
		}
		left, most := 0, 2+int(perMille[name]*float64(sums[name].occurrences())/1000)
		for _, those := range sums[name].left {
			left += len(those)
		}
		if left > most {
			t.Errorf("%s: %d violations are left, expected at most %d", name, left, most)
		}
	}
}

// perMille is how many of a thousand occurrences may be left, by kind of sender: as many as the model of the semantics leaves, which
// tried 20,000 histories each. JSON may leave more than its 0.5, since here its senders also try again.
var perMille = map[string]float64{"am": .8, "am-gi30": .4, "am-nores": 2.1, "cw": .3, "json": 3, "flap": .3}

func kindNamed(name string) *senderKind {
	return &senderKinds[slices.IndexFunc(senderKinds, func(k senderKind) bool { return k.name == name })]
}

// historyOf makes the history of a seed.
func historyOf(k *senderKind, seed int64) *history {
	r := rand.New(rand.NewSource(seed*7919 + int64(len(k.name))))
	h := &history{kind: k.name, seed: seed, rand: r, world: samples[r.Intn(len(samples))], person: someProfile(r)}
	n := 1
	if k.many && chance(r, .4) {
		n += 1 + r.Intn(3)
	}
	for i := range n {
		c := &condition{n: i, sender: k.sender}
		h.world.place(r, c)
		c.event.DedupKey, c.event.Severity = "c"+strconv.Itoa(i), levels[r.Intn(len(levels))]
		c.event.Summary = fmt.Sprintf("%s of %s is bad (%d)", c.event.Type, c.event.Subject, i)
		h.conds = append(h.conds, c)
		k.make(h, c)
	}
	slices.SortStableFunc(h.signals, func(x, y *signal) int { return int(x.at - y.at) })
	return h
}

// tally is what became of the histories of a kind of sender.
type tally struct {
	histories, signals, messages int
	verdicts                     map[verdict]int
	left                         map[string][]string // by why they are left: violations
	wrong                        []string            // the others
}

func newTally() *tally { return &tally{verdicts: map[verdict]int{}, left: map[string][]string{}} }

func (y *tally) occurrences() (n int) {
	for _, of := range y.verdicts {
		n += of
	}
	return n
}

func (y *tally) String() string {
	text := fmt.Sprintf("%d histories, %d signals, %d messages", y.histories, y.signals, y.messages)
	for _, v := range slices.Sorted(maps.Keys(y.verdicts)) {
		text += fmt.Sprintf("; %s %d", v, y.verdicts[v])
	}
	for _, what := range slices.Sorted(maps.Keys(y.left)) {
		text += fmt.Sprintf("\n    left, since %s:\n      %s", what, strings.Join(y.left[what], "\n      "))
	}
	return text
}

// check judges a history that was played.
func (y *tally) check(p *player) {
	y.histories++
	y.signals += len(p.h.signals)
	y.messages += len(p.post.messages)
	var wrong []string
	complain := func(why, what string) {
		if why == "" {
			wrong = append(wrong, what)
			return
		}
		y.left[why] = append(y.left[why], fmt.Sprintf("%s/%d: %s", p.h.kind, p.h.seed, what))
	}
	for k := range p.h.occs {
		v, first := p.heard(k)
		y.verdicts[v]++
		if v == notHeard {
			complain(p.leftUnheard(first), fmt.Sprintf("occurrence %d is not heard: %s at %v, was %v, became %s",
				k, first.of.alert(), first.at, first.before, p.became(first)))
		}
	}
	for _, u := range p.untrue() {
		complain(p.leftUntrue(u), u.String())
	}
	wrong = append(wrong, p.silent()...)
	if wrong = append(wrong, p.post.wrong...); len(wrong) > 0 {
		text := fmt.Sprintf("%s/%d:\n%s", p.h.kind, p.h.seed, strings.Join(wrong, "\n"))
		if len(y.wrong) == 0 { // of one history, people read everything
			text += "\n" + p.story()
		}
		y.wrong = append(y.wrong, text)
	}
}

// story tells a history: the truth, the signals and what became of them, the messages.
func (p *player) story() string {
	type line struct {
		at   time.Duration
		text string
	}
	var lines []line
	say := func(at time.Duration, format string, args ...any) {
		lines = append(lines, line{at, fmt.Sprintf(format, args...)})
	}
	for k, o := range p.h.occs {
		say(o.begin, "TRUTH %d of %s begins", k, o.of.alert())
		say(o.end, "TRUTH %d of %s ends", k, o.of.alert())
	}
	for _, g := range p.h.signals {
		sent := event.Trigger
		if !g.trigger {
			sent = event.Resolve
		}
		say(g.at, "  %v of %s (%d) by %s, sent %v, time %v, was %v", sent, g.of.alert(), g.occ, g.source, g.sent, g.time, g.before)
	}
	for _, e := range p.Tail(0) {
		say(e.At.Sub(t0), "    %s  %s", e.About, e.Line(t0))
	}
	slices.SortStableFunc(lines, func(a, b line) int { return int(a.at - b.at) })
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%d%s  catalog %s  people %+v\n", p.h.kind, p.h.seed, p.h.tags, p.h.world.name, p.h.person)
	for _, l := range lines {
		fmt.Fprintln(&b, l.at.Round(time.Second), l.text)
	}
	return b.String()
}
