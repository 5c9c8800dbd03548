package status

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	beat      = 5 * time.Second  // from one sign of life on a stream to the next
	slowest   = 10 * time.Second // that a viewer may take to take what is sent
	whoAgain  = time.Minute      // from one question who the viewer is to the next
	retryText = "retry: 2000\n\n"
)

// events streams the board to a viewer. A stream keeps nothing for the viewer: whoever is slow gets the newest board and none of those
// before. A new stream begins with the whole board, so nothing has to be caught up with.
func (q *request) events() error {
	q.w.Header().Set("Content-Type", "text/event-stream")
	q.w.Header().Set("X-Accel-Buffering", "no")
	b := q.board(q.tenant)
	defer b.follow(q.Context())()
	b.fresh(q.Context())
	if q.send(retryText) != nil {
		return nil
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	known, sent := time.Now(), ""
	for {
		p := b.latest.Load()
		f, err := q.fragment(p)
		if err != nil {
			return err
		}
		now := q.now().UnixMilli()
		text := fmt.Sprintf("event: alive\ndata: %d %s\n\n", now, f.asOf)
		if shown := fmt.Sprint(p.version, f.text); shown != sent {
			sent = shown
			text = fmt.Sprintf("event: board\nid: %d.%d\ndata: %s\n\n", p.version, now, f.html) + text
		}
		if q.send(text) != nil {
			return nil // the viewer has gone away
		}
		select {
		case <-q.Context().Done():
			return nil
		case <-p.next:
		case <-tick.C:
		}
		if time.Since(known) > whoAgain {
			if known = time.Now(); !q.named() {
				_ = q.send("event: gone\ndata: .\n\n")
				return nil
			}
		}
	}
}

// send writes a part of a stream at once.
func (q *request) send(text string) error {
	out := http.NewResponseController(q.w)
	_ = out.SetWriteDeadline(time.Now().Add(slowest)) // not every connection has deadlines
	if _, err := q.w.Write([]byte(text)); err != nil {
		return err
	}
	return out.Flush()
}

// fragment is a board as viewers of one kind see it, on one line.
type fragment struct {
	text string // of the verdict
	asOf string
	html string
}

// fragment renders the board of a projection, once for all viewers who see the same within a second.
func (q *request) fragment(p *projection) (*fragment, error) {
	now := time.Now().Truncate(time.Second).In(q.zone)
	if now.Before(p.AsOf) {
		now = p.AsOf.In(q.zone)
	}
	kind := fmt.Sprint(now.Unix(), q.zone, q.URL.RawQuery, q.viewer.Grants, q.mayAct(), q.holds(p), q.hidden(p))
	if f, ok := p.rendered.Load(kind); ok {
		return f.(*fragment), nil
	}
	m := q.mainPage(q.seen(p), now, nil)
	var html, asOf bytes.Buffer
	if err := q.pages["main"].ExecuteTemplate(&html, "board", m); err != nil {
		return nil, fmt.Errorf("event stream: %w", err)
	}
	if err := q.pages["main"].ExecuteTemplate(&asOf, "asof", m); err != nil {
		return nil, fmt.Errorf("event stream: %w", err)
	}
	f := &fragment{text: m.Title, asOf: oneLine(asOf.String()), html: oneLine(html.String())}
	p.rendered.Store(kind, f)
	return f, nil
}

// holds returns the viewer's name if rows differ for the viewer, who has an incident.
func (q *request) holds(p *projection) string {
	for i := range p.Open {
		for _, h := range p.Open[i].Holders {
			if h == string(q.viewer.Person) {
				return h
			}
		}
	}
	return ""
}

// oneLine puts HTML on one line.
func oneLine(html string) string {
	return strings.Join(strings.FieldsFunc(html, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}
