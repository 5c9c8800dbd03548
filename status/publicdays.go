package status

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

// shareOf returns for which part of so many days a component worked. It never says 100 % of less.
func shareOf(c *comms.Component, days int) (string, bool) {
	for _, u := range c.Uptime {
		if u.Days == days {
			if u.Share >= 1 {
				return "100 %", true
			}
			return strconv.FormatFloat(math.Floor(u.Share*10_000)/100, 'f', 2, 64) + " %", true
		}
	}
	return "", false
}

// bars returns how the days of a component are drawn: usual ones as runs, those with trouble taller, and those of which nothing is known as
// dots.
func bars(days []comms.Day) (usual []usualView, all []barView) {
	paths := map[string]string{}
	for i, d := range days {
		x := 10 * (historyDays - len(days) + i)
		if d.Worst == comms.Operational {
			if n := len(usual) - 1; n >= 0 && usual[n].X+usual[n].Width == x {
				usual[n].Width += 10
			} else {
				usual = append(usual, usualView{x, 10})
			}
			continue
		}
		class, top := "unk", 13
		switch d.Worst {
		case comms.UnderMaintenance:
			class, top = "p4", 6
		case comms.Degraded:
			class, top = "p3", 4
		case comms.PartialOutage:
			class, top = "p2", 2
		case comms.MajorOutage:
			class, top = "p1", 0
		}
		paths[class] += fmt.Sprintf("M%d %dh7v%dh-7z", x, top, 28-2*top)
	}
	for _, class := range []string{"p1", "p2", "p3", "p4", "unk"} {
		if paths[class] != "" {
			all = append(all, barView{class, paths[class]})
		}
	}
	return usual, all
}

// label says in words what the bars of a component show.
func (s *site) label(c *comms.Component) string {
	text := c.Name + ", " + plural(len(c.Days), "day") + ": "
	if share, ok := shareOf(c, historyDays); ok {
		text += "worked " + share + " of the time. "
	}
	var bad []string
	for i := range slices.Backward(c.Days) {
		if d := &c.Days[i]; trouble(d) {
			bad = append(bad, strings.TrimSpace(s.date(d.Date)+" "+downFor(d)))
		}
	}
	switch n := len(bad); {
	case n == 0:
		return text + "No trouble."
	case n > 5:
		return text + "Trouble on " + strconv.Itoa(n) + " days, the latest " + strings.Join(bad[:5], ", ") + "."
	default:
		return text + "Trouble on " + plural(n, "day") + ": " + strings.Join(bad, ", ") + "."
	}
}

// trouble reports whether something did not work on a day.
func trouble(d *comms.Day) bool { return impactOf(d.Worst) != "none" && d.Worst != "" }

func downFor(d *comms.Day) string {
	if d.Down <= 0 {
		return ""
	}
	return lasted(d.Down)
}

// lasted formats how long something took: "25 min", "3 h 20 min".
func lasted(d time.Duration) string {
	minutes := int(max(d, 0).Round(time.Minute) / time.Minute)
	switch hours := minutes / 60; {
	case minutes == 0:
		return "less than 1 min"
	case hours == 0:
		return strconv.Itoa(minutes) + " min"
	case minutes%60 == 0 || hours >= 24:
		return strconv.Itoa(hours) + " h"
	default:
		return strconv.Itoa(hours) + " h " + strconv.Itoa(minutes%60) + " min"
	}
}

// date formats the date of a day for people.
func (s *site) date(date string) string {
	d, err := time.Parse(time.DateOnly, date)
	switch {
	case err != nil:
		return date
	case date == s.page.AsOf.Format(time.DateOnly):
		return "today"
	}
	return d.Format("2 Jan")
}

// troubles lists the days on which something did not work, the latest first.
func (s *site) troubles() (all []dayView) {
	type hit struct {
		date string
		dayView
	}
	var hits []hit
	for _, c := range s.scene.components {
		for i := range c.Days {
			if d := &c.Days[i]; trouble(d) {
				word := map[comms.Condition]string{comms.Degraded: "worked badly", comms.PartialOutage: "down for some", comms.MajorOutage: "down"}[d.Worst]
				hits = append(hits, hit{d.Date, dayView{s.date(d.Date), c.Name + ": " + word, downFor(d)}})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.date, a.date) })
	for _, h := range hits {
		all = append(all, h.dayView)
	}
	return all
}

// shares lists for which part of 30, 90 and 365 days each component worked.
func (s *site) shares() (all []shareView) {
	for _, c := range s.scene.components {
		one := shareView{Name: c.Name}
		for _, days := range []int{30, historyDays, 365} {
			share, ok := shareOf(c, days)
			if !ok {
				share = "not known"
			}
			one.Shares = append(one.Shares, share)
		}
		all = append(all, one)
	}
	return all
}
