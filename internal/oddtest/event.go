package oddtest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Texts are texts that a door, a document or a store might cut, fold, refuse or confuse with each other.
func Texts() []string {
	return []string{
		"", "a", "A", " a ", "a\x00", "\x00b", "\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\u0301", "é", "\u202ea", "\u2066", "\u200b",
		"\u2028", "\r\n", "\t", "\x1b[2J", "\x7f", "a#b", "a/b", "//", "a.b", "%00", "%s", "'", `"`, `\`, `\u0000`, `\ud800`, "{}", "$1", "*2", "~", "=", ",", "<b>", "&", "null",
		"0", "-0", "1e400", strings.Repeat("x", 254), strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("ä", 127), strings.Repeat("\x01", 255),
		strings.Repeat("/", 255), strings.Repeat("%", 4096), strings.Repeat("☃", 1365), strings.Repeat("'", 4096), strings.Repeat("x", 4097),
	}
}

// Numbers are numbers as a caller or a decoder may put them into the data of an event.
func Numbers() []any {
	list := []any{
		0, -1, int64(math.MinInt64), uint64(math.MaxUint64), math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN(), float32(0.1),
		1e21, 9007199254740993.0,
	}
	for _, n := range []string{
		"-0", "-0.0", "0e999999999999", "1e400", "1e-400", "1e308", "5e-324", "1E+2", "4.711e6", "123456789012345678901234567890", "0.1000", "01", "+1", "1.", ".5", "Infinity", "0x1",
		"1_000", "", " 1", strings.Repeat("9", 300), strings.Repeat("9", 1025), "1." + strings.Repeat("0", 1000),
	} {
		list = append(list, json.Number(n))
	}
	return list
}

// Instants are instants of a sender's clock.
func Instants() []time.Time {
	utc := func(year int) time.Time { return time.Date(year, 6, 1, 12, 30, 15, 123456789, time.UTC) }
	return []time.Time{
		{},
		utc(-1), utc(0), utc(1), utc(1677), utc(1678), utc(1969), utc(2026), utc(2262), utc(2263), utc(9999), utc(10000), time.Unix(0, math.MaxInt64),
		time.Unix(0, math.MinInt64), time.Unix(math.MaxInt64, 0), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC).In(time.FixedZone("", 14*3600)),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).In(time.FixedZone("", -12*3600)), utc(2026).In(time.FixedZone("odd", 3601)), utc(2026).In(time.FixedZone("far", 30*3600)),
	}
}

// Event draws an event. Equal bytes give equal events. Most are odd in a few places.
func Event(from []byte) event.Event {
	d := draw{from}
	e := event.Event{
		ID: d.text(), Source: d.text(), Type: d.oneOf("pay.x", "pay.keyed", "pay.slow", "odd.x"), Subject: d.text(), Summary: d.text(), DedupKey: d.text(),
		Tenant: d.text(), Intake: d.text(), Signal: event.Signal(d.below(5)), Severity: severity.Level(d.below(6)),
		Fires: event.Fires(d.oneOf("", "", "", "at-once", "unless-ended", "\x00")),
	}
	if d.below(8) == 7 {
		e.Type = d.text()
	}
	e.Time, e.Received = d.instant(), d.instant()
	e.StaleAfter, e.Sender.StaleAfter = d.duration(), d.duration()
	e.Sender.Clock = event.Clock(d.oneOf("", "", "begin", "peers", "change", "\xff"))
	e.Sender.Ends, e.Sender.Acks = d.below(2) == 1, d.below(2) == 1
	for range d.below(4) {
		if e.Labels == nil {
			e.Labels = make(map[string]string)
		}
		e.Labels[d.text()] = d.text()
	}
	for range d.below(3) {
		e.Links = append(e.Links, event.Link{URL: "https://example.com/" + d.text(), Text: d.text()})
	}
	if d.below(2) == 1 {
		e.Data = map[string]any{"n": d.number(), "m": map[string]any{"n": d.number(), "list": []any{d.number()}}}
		for range d.below(4) {
			e.Data[d.text()] = d.value(40)
		}
	}
	if d.below(4) == 3 {
		e.TraceParent = d.oneOf("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "\x00", "00-x")
	}
	return e
}

// draw takes choices from bytes. Without bytes each choice is the first.
type draw struct{ from []byte }

func (d *draw) below(n int) int {
	if len(d.from) == 0 {
		return 0
	}
	b := d.from[0]
	d.from = d.from[1:]
	return int(b) % n
}

func (d *draw) oneOf(words ...string) string { return words[d.below(len(words))] }

// text draws a listed text, one of the bytes themselves, or several in a row.
func (d *draw) text() string {
	switch n := d.below(16); {
	case n < 8:
		return strconv.Itoa(n % 3)
	case n < 13:
		all := Texts()
		return all[d.below(len(all))]
	case n == 13:
		return d.text() + d.text()
	default:
		size := min(d.below(32), len(d.from))
		text := string(d.from[:size])
		d.from = d.from[size:]
		return text
	}
}

func (d *draw) number() any {
	if all := Numbers(); d.below(2) == 1 {
		return all[d.below(len(all))]
	}
	return d.below(4)
}

func (d *draw) instant() time.Time {
	if all := Instants(); d.below(2) == 1 {
		return all[d.below(len(all))]
	}
	return time.Time{}
}

func (d *draw) duration() time.Duration {
	all := []time.Duration{0, 0, 0, 1, time.Hour, event.Never, event.Never - 1, -1, math.MinInt64, 80_000 * time.Hour, 90_000 * time.Hour}
	return all[d.below(len(all))]
}

func (d *draw) value(depth int) any {
	if depth <= 0 {
		return nil
	}
	switch d.below(8) {
	case 0, 1:
		return d.text()
	case 2, 3:
		return d.number()
	case 4:
		return []any{d.value(depth - 1), d.value(depth - 2)}
	case 5:
		return map[string]any{d.text(): d.value(depth - 1)}
	case 6:
		return d.below(2) == 1
	}
	return nil
}
