package notify

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// Together returns one message that holds several pages to the same contact, the worst first. Its occasion is [OccasionMany]. Title and
// Text name every page by its own title, with the id of its incident. Incident, Priority, Summary and the other facts are those of the
// worst page; its links, reason and note stand in Pages only. One page is returned as it is. The key is the same for the same pages.
func Together(pages ...Message) Message {
	if len(pages) == 1 {
		return pages[0]
	}
	pages = slices.Clone(pages)
	slices.SortStableFunc(pages, func(a, b Message) int { return cmp.Compare(a.Priority, b.Priority) })
	m := pages[0]
	m.Occasion = OccasionMany
	m.Why, m.Ack, m.Runbook, m.Links, m.Note = "", "", "", nil, ""
	sum, about := sha256.New(), make(map[string]bool)
	for i := range pages {
		m.Pages = append(m.Pages, pageOf(&pages[i]))
		io.WriteString(sum, pages[i].Key+"\n")
		about[pages[i].Incident] = true
	}
	m.Key = fmt.Sprintf("%s+%d-%x", pages[0].Key, len(pages)-1, sum.Sum(nil)[:8])
	m.Title = shorten(plural(len(about), "incident")+", worst first: "+m.Pages[0].line(), maxTitle)
	var all []string
	for i := range m.Pages {
		all = append(all, m.Pages[i].line())
	}
	m.Text = lines(append(all[1:], m.then())...)
	if !strings.HasSuffix(m.Title, all[0]) {
		m.Text = lines(all[0], m.Text)
	}
	return m
}

func pageOf(m *Message) PageOf {
	return PageOf{
		Key: m.Key, Occasion: m.Occasion, Seq: m.Seq, Title: m.Title, Text: m.Text, Why: m.Why, Incident: m.Incident, Priority: m.Priority,
		Round: m.Round, Level: m.Level, Attempt: m.Attempt, Summary: m.Summary, Class: m.Class, Service: m.Service, Owner: m.Owner, Runbook: m.Runbook, Ack: m.Ack,
		Links: m.Links, Note: m.Note, Since: m.Since, Next: m.Next, NextAt: m.NextAt, At: m.At,
	}
}

// line names a page among others.
func (p *PageOf) line() string {
	if p.Incident == "" || strings.Contains(p.Title, p.Incident) {
		return p.Title
	}
	return p.Title + " · " + p.Incident
}

// then says who is asked next about the pages of m, and from when on.
func (m *Message) then() string {
	soonest := PageOf{}
	for _, p := range m.Pages {
		if len(p.Next) > 0 && !p.NextAt.IsZero() && (soonest.NextAt.IsZero() || p.NextAt.Before(soonest.NextAt)) {
			soonest = p
		}
	}
	if len(soonest.Next) == 0 {
		return ""
	}
	return "Unless you acknowledge them, " + join(soonest.Next) + " " + be(soonest.Next) + " asked from " + clock(m, soonest.NextAt) + " on."
}

// listed returns the title, as many pages as fits allows, each whole and with its link to acknowledge, and who is asked next. Where not
// all pages fit, it says how many are missing.
func (m *Message) listed(fits func(Parts) bool) Parts {
	list := make(Parts, len(m.Pages))
	for i := range m.Pages {
		p := &m.Pages[i]
		list[i] = Part{Text: p.line()}
		if isLink(p.Ack) {
			list[i].URL = p.Ack
		}
	}
	if strings.HasSuffix(m.Title, list[0].Text) { // the title names the first
		if list[0].Text = "Acknowledge"; list[0].URL == "" {
			list = list[1:]
		}
	}
	first := func(n int) Parts {
		all := append(Parts{{Text: m.Title}}, list[:n]...)
		if left := m.Pages[len(m.Pages)-len(list)+n:]; len(left) > 0 {
			all = append(all, Part{Text: missing(left)})
		}
		if then := m.then(); then != "" {
			all = append(all, Part{Text: then})
		}
		return all
	}
	if all := first(len(list)); fits == nil || fits(all) {
		return all
	}
	n := sort.Search(len(list), func(n int) bool { return !fits(first(n)) })
	if n > 0 {
		return first(n - 1)
	}
	title := Part{Text: m.Title}
	title.shrink(func() bool { return fits(Parts{title}) })
	return Parts{title}
}

// missing says how many pages are left out.
func missing(left []PageOf) string {
	text, worst := fmt.Sprintf("%s and %d more do not fit here", mark, len(left)), left[0].Priority
	n := len(slices.DeleteFunc(slices.Clone(left), func(p PageOf) bool { return p.Priority != worst }))
	switch {
	case worst == 0:
		return text
	case n == len(left):
		return fmt.Sprintf("%s, all %v", text, worst)
	}
	return fmt.Sprintf("%s, %d of them %v", text, n, worst)
}
