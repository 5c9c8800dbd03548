package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// incident returns the incident of the story. Findings about it are incidents of a lower priority.
func (s *shop) incident() (incident.Incident, error) {
	all, err := s.bell.Incidents(context.Background(), tocsin.Query{Priority: 1, Limit: 1})
	if err != nil || len(all) == 0 {
		return incident.Incident{}, errors.Join(err, errors.New("there is no incident yet"))
	}
	return s.bell.Incident(context.Background(), all[0].ID)
}

// step is how often somebody looks what has happened.
const step = 10 * time.Second

// until lets the time go on to a time of day, and tells what happens meanwhile.
func (s *shop) until(clock string) error {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return err
	}
	for end := night.Add(at.Sub(at.Truncate(24 * time.Hour))); time.Now().Before(end); {
		time.Sleep(step)
		if synctest.Wait(); time.Now().Before(end) {
			s.tell("")
		}
	}
	return nil
}

// play plays the story. It calls after at the end of each moment.
func (s *shop) play(after func() error) error {
	for _, m := range story() {
		if err := s.until(m.at); err != nil {
			return err
		}
		if err := s.happens(&m); err != nil {
			return fmt.Errorf("%s %s: %w", m.at, m.what, err)
		}
		if err := after(); err != nil {
			return err
		}
	}
	return s.sum()
}

// happens does what a moment says, and tells what comes of it. A command that is refused is part of the story.
func (s *shop) happens(m *moment) error {
	err := m.do(s)
	what := m.what
	if refused := new(respond.RefusedError); errors.As(err, &refused) {
		what, err = what+"\nRefused: "+refused.Reason+".", nil
	}
	synctest.Wait()
	s.tell(what)
	return err
}

// sum says who was woken, and whether customers heard in time.
func (s *shop) sum() error {
	i, err := s.incident()
	if err != nil {
		return err
	}
	pages := make(map[string]int)
	for _, m := range s.heard.all {
		if m.Kind == notify.Page {
			pages[m.Person]++
		}
	}
	fmt.Fprintf(s.out, "\nThe incident is %s. It was resolved after %s and closed after %s.\n", i.Phase,
		incident.Short(i.Resolved.Sub(i.Detected)), incident.Short(i.Closed.Sub(i.Detected)))
	for _, person := range slices.Sorted(maps.Keys(pages)) {
		times := "times"
		if pages[person] == 1 {
			times = "time"
		}
		fmt.Fprintf(s.out, "  %s was paged %d %s\n", person, pages[person], times)
	}
	fmt.Fprintf(s.out, "Customers heard, too late %d times:\n", i.Comms.Late)
	for _, u := range i.Comms.Updates {
		fmt.Fprintf(s.out, "  %s  %-13s  %s\n", u.Sent.At.Format("15:04"), u.Stage, u.Texts[len(u.Texts)-1].Text)
	}
	return nil
}

// tell writes what happened now, who was told what, and how the dashboard puts it. It writes nothing if nothing happened. What nobody did,
// but the clock, stands in the words of the record.
func (s *shop) tell(what string) {
	did, got := s.heard.take()
	happened := did
	if what != "" {
		happened = append([]string{what}, did...)
	} else {
		happened = append(happened, s.record()...)
	}
	if len(happened)+len(got) == 0 {
		return
	}
	fmt.Fprintf(s.out, "\n%s  %s\n", time.Now().UTC().Format(time.TimeOnly), indent(strings.Join(happened, "\n"), 10))
	for i := range got {
		fmt.Fprintf(s.out, "   %s\n", indent(recipient(&got[i])+"  "+read(&got[i]), 14))
	}
	fmt.Fprintf(s.out, "   dashboard: %s\n", s.verdict())
}

// record returns what the timelines got in the last step, without the messages.
func (s *shop) record() (lines []string) {
	if s.bell == nil {
		return nil
	}
	all, _ := s.bell.Incidents(context.Background(), tocsin.Query{Limit: 100})
	for k := range all {
		entries, _ := s.bell.Timeline(context.Background(), all[k].ID)
		for i := range entries {
			if e := &entries[i]; e.Word.Kind() != incident.KindPage && e.At.After(time.Now().Add(-step)) {
				_, text, _ := strings.Cut(e.Line(e.At), "  ")
				lines = append(lines, text)
			}
		}
	}
	return lines
}

func recipient(m *notify.Message) string {
	if m.Person == "" {
		return m.Channel + ":" + m.To
	}
	return m.Person
}

func indent(text string, by int) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", by))
}
