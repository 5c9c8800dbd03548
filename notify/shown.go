package notify

import (
	"slices"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// Shown returns m as people may see it. A message holds texts of senders as they came; in a copy of Shown they cannot begin a line of
// their own, move a cursor, colour a terminal, or hide or reverse text. A line break becomes " ⏎ ", but in Text, whose lines are those of its template.
// Key, To and the names of the catalog stay as they are. A notifier that uses other fields than Title, Text and [Message.Parts] calls
// Shown, unless it sends a document for programs.
func (m Message) Shown() Message {
	for _, text := range [...]*string{
		&m.Person, &m.Title, &m.Why, &m.Summary, &m.Began, &m.Which, &m.Latest, &m.Class, &m.Service, &m.Owner, &m.Runbook, &m.Ack, &m.Note, &m.Said.By, &m.Said.Text,
	} {
		*text = line.Of(*text)
	}
	m.Text = line.Lines(m.Text)
	m.Holders, m.Next = eachOf(m.Holders, line.Of), eachOf(m.Next, line.Of)
	m.Asked = eachOf(m.Asked, func(a Asked) Asked { return Asked{line.Of(a.Who), a.At} })
	m.Links = eachOf(m.Links, shownLink)
	m.Pages = eachOf(m.Pages, PageOf.shown)
	return m
}

func (p PageOf) shown() PageOf {
	for _, text := range [...]*string{&p.Title, &p.Why, &p.Summary, &p.Class, &p.Service, &p.Owner, &p.Runbook, &p.Ack, &p.Note} {
		*text = line.Of(*text)
	}
	p.Text = line.Lines(p.Text)
	p.Next, p.Links = eachOf(p.Next, line.Of), eachOf(p.Links, shownLink)
	return p
}

func shownLink(l event.Link) event.Link {
	return event.Link{URL: line.Of(l.URL), Text: line.Of(l.Text)}
}

func eachOf[T any](list []T, shown func(T) T) []T {
	list = slices.Clone(list)
	for i := range list {
		list[i] = shown(list[i])
	}
	return list
}
