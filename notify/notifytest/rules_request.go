package notifytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

func checkConcurrent(s *subject) (found []error) {
	p := newProvider(accept)
	defer p.close()
	n := s.newNotifier(p.url(), p.client)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const callers = 8
	errs := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			m := page()
			m.Key = fmt.Sprintf("INC-%d/1/1", i)
			m.Title = fmt.Sprintf("concurrent%dx", i)
			_, errs[i] = n.Notify(ctx, m)
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			found = append(found, fmt.Errorf("caller %d of %d got %q, expected nil", i+1, callers, notify.Public(err)))
			continue
		}
		times := 0
		for _, r := range p.requests() {
			if r.holds(fmt.Sprintf("concurrent%dx", i)) {
				times++
			}
		}
		if times != 1 {
			found = append(found, fmt.Errorf("the title of caller %d of %d arrived %d times, expected once", i+1, callers, times))
		}
	}
	return found
}

// checkContext ends the context after the provider has got the request, and before it answers.
func checkContext(s *subject) (found []error) {
	asked := make(chan struct{})
	var once sync.Once
	var p *provider
	p = newProvider(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked) })
		select {
		case <-r.Context().Done():
		case <-p.ending:
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	n := s.newNotifier(p.url(), p.client)
	go func() {
		_, err := n.Notify(ctx, page())
		returned <- err
	}()
	select {
	case <-asked:
	case <-returned:
		found = append(found, errors.New("it returned before the provider had answered"))
		returned <- nil
	case <-time.After(patience):
		found = append(found, errors.New("the provider got no request"))
	}
	cancel()
	select {
	case <-returned:
		p.close()
	case <-time.After(patience):
		found = append(found, fmt.Errorf("it had not returned %s after its context ended", patience))
		p.close() // ends the call that ignored its context
		<-returned
	}
	return found
}

// checkKey looks for a part of the request that changes with the key. The tries of two messages alternate, so that a clock
// cannot pass for a key.
func checkKey(s *subject) []error {
	var tries []map[string]string
	for i := range 4 {
		m := page()
		m.Attempt = 1 + i/2
		if i%2 == 1 {
			m.Key = "INC-7/1/2"
		}
		asked, err := s.try(accept, m)
		if err != nil || len(asked) != 1 {
			return nil // for rules 3 and 5
		}
		tries = append(tries, asked[0].parts())
	}
	for place, value := range tries[0] {
		if tries[2][place] == value && tries[1][place] != value && tries[1][place] == tries[3][place] {
			return nil
		}
	}
	return []error{errors.New("no part of the request is equal for two tries of one message and different for another message")}
}

func checkTexts(s *subject) []error {
	const hostile = `<!channel> @everyone [a](https://evil.example) *b* "}],"evil":[{"a":"` + "`" + `&evil=1&to=evil%26evil=1;+\</text><evil>x</evil>&lt;`
	m := page()
	m.Title, m.Summary = hostile, hostile
	m.Text, m.Why, m.Note = hostile+"\r\nEvil: 1\r\n\r\n"+hostile, hostile, hostile
	plain := page()
	plain.Note = "none"
	before, err := s.try(accept, plain)
	if err != nil || len(before) != 1 {
		return nil // for rules 3 and 5
	}
	after, err := s.try(accept, m)
	if err != nil || len(after) != 1 {
		return []error{fmt.Errorf("a message with mark-up was not sent, Notify returned %v", notify.Public(err))}
	}
	var found []error
	was, is := before[0].shape(), after[0].shape()
	for _, place := range is {
		if !slices.Contains(was, place) {
			found = append(found, fmt.Errorf("mark-up in a text added a part to the request: %.60q", place))
		}
	}
	for _, place := range was {
		if !slices.Contains(is, place) {
			found = append(found, fmt.Errorf("mark-up in a text removed a part of the request: %.60q", place))
		}
	}
	return found
}

// checkLinks sends links that are too long for most channels, and texts that consist of links, so that a cut is a cut of a link. It
// finds a link by a word in its path.
func checkLinks(s *subject) (found []error) {
	const host = "https://links.example/"
	link := func(name string, length int) string { return host + name + "z" + strings.Repeat("x", length) + "y" }
	var lines []string
	for i := range 30 {
		lines = append(lines, link(fmt.Sprintf("T0Ctext%02d", i), 90))
	}
	m := page()
	m.Title, m.Text = "P1 see "+link("T0Ctitle", 200), strings.Join(lines, "\n")
	m.Ack, m.Runbook = link("T0Cack", 300), link("T0Crunbook", 2000)
	m.Links = []event.Link{{URL: link("T0Cfirst", 4000)}, {URL: link("T0Csecond", 40)}}
	asked, err := s.try(accept, m)
	if err != nil || len(asked) != 1 {
		return []error{fmt.Errorf("a message with long links was not sent, Notify returned %v", notify.Public(err))}
	}
	all := append(lines, strings.Fields(m.Title)[2], m.Ack, m.Runbook, m.Links[0].URL, m.Links[1].URL)
	for place, value := range asked[0].parts() {
		for _, whole := range all {
			name, _, _ := strings.Cut(strings.TrimPrefix(whole, host), "z")
			if strings.Count(value, host+name+"z") != strings.Count(value, whole) {
				found = append(found, fmt.Errorf("%s: of a link of %d bytes a part arrived", place, len(whole)))
			}
		}
	}
	return found
}
