package status

import (
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
	goneText  = "event: gone\ndata: .\n\n"
)

// events streams the board to a viewer. A stream keeps nothing for the viewer: whoever is slow gets the newest board and none of those
// before. A new stream begins with the whole board, so nothing has to be caught up with.
func (q *request) events() error {
	b := q.board(q.tenant)
	defer b.follow(q.Context())()
	b.fresh(q.Context())
	return q.stream(func() (*fragment, [2]<-chan struct{}, error) {
		p := b.latest.Load()
		if !q.viewer.Sees(b.tenant) {
			return nil, [2]<-chan struct{}{}, nil
		}
		f, err := q.fragment(p)
		return f, [2]<-chan struct{}{p.next}, err
	})
}

// stream sends what a viewer sees, and again when it has changed. look returns it, and channels of which one is closed when it may have
// changed; nothing says that there is no such page any more.
func (q *request) stream(look func() (*fragment, [2]<-chan struct{}, error)) error {
	q.w.Header().Set("Content-Type", "text/event-stream")
	q.w.Header().Set("X-Accel-Buffering", "no")
	if q.send(retryText) != nil {
		return nil
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	known, sent := time.Now(), ""
	for {
		f, changed, err := look()
		if err != nil {
			return err
		}
		if f == nil {
			_ = q.send(goneText)
			return nil
		}
		now := q.now().UnixMilli()
		text := fmt.Sprintf("event: alive\ndata: %d %s\n\n", now, f.asOf)
		if f.mark != sent {
			sent = f.mark
			text = fmt.Sprintf("event: board\nid: %d.%d\ndata: %s\n\n", f.version, now, f.html) + text
		}
		if q.send(text) != nil {
			return nil // the viewer has gone away
		}
		select {
		case <-q.Context().Done():
			return nil
		case <-changed[0]:
		case <-changed[1]:
		case <-tick.C:
		}
		if time.Since(known) > whoAgain {
			if known = time.Now(); !q.named() {
				_ = q.send(goneText)
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
	mark    string // what is sent again when it differs
	version uint64
	asOf    string
	html    string

	at    time.Time // when it was rendered; used by incidentFragment only, as is fault
	fault string
}

// fragment renders the board of a projection, once for all viewers who see the same within a second.
func (q *request) fragment(p *projection) (*fragment, error) {
	now := time.Now().Truncate(time.Second).In(q.zone)
	if now.Before(p.AsOf) {
		now = p.AsOf.In(q.zone)
	}
	kind := fmt.Sprint(now.Unix(), q.base, q.zone, q.URL.RawQuery, q.viewer.Grants, q.viewer.Person == "", q.mayAct(), q.holds(p), q.hidden(p))
	if f, ok := p.rendered.Load(kind); ok {
		return f.(*fragment), nil
	}
	m := q.mainPage(q.seen(p), now, nil)
	f, err := q.rendered("main", m)
	if err != nil {
		return nil, err
	}
	f.version, f.mark = p.version, fmt.Sprint(p.version, m.Title)
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
