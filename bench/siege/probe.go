package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
)

const (
	every   = 25 * time.Millisecond  // between two P1s
	again   = 100 * time.Millisecond // before a P1 is sent again, without a Retry-After
	patient = 30 * time.Second       // for one answer
	atOnce  = 200                    // P1s without an answer: more would be a flood of their own
)

// alarm is one P1.
type alarm struct {
	fresh           bool // over a connection of its own
	sent            time.Time
	tries           int
	accepted, paged time.Duration // after sent; 0: not yet
}

// probe sends P1s and receives their pages.
type probe struct {
	url     string
	clients [2]*http.Client // kept, fresh
	pager   *http.Server
	hook    string // URL of the pager
	ctx     context.Context
	stop    context.CancelFunc
	under   sync.WaitGroup

	mu      sync.Mutex
	alarms  []*alarm
	open    int // without an answer
	skipped int
}

func newProbe(ctx context.Context) (*probe, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &probe{hook: "http://" + listener.Addr().String()}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.clients = [2]*http.Client{
		{Timeout: patient, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}},
		{Timeout: patient, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	p.pager = &http.Server{Handler: http.HandlerFunc(p.receive), ReadHeaderTimeout: patient}
	go func() { _ = p.pager.Serve(listener) }()
	return p, nil
}

// close ends what is under way.
func (p *probe) close() {
	p.stop()
	_ = p.pager.Close()
	p.under.Wait()
	p.clients[0].CloseIdleConnections()
}

// run sends a P1 at each tick until until is closed and the least time has passed, or the most has. It returns their numbers.
func (p *probe) run(least, most time.Duration, until <-chan struct{}) (from, to int) {
	from = len(p.alarms)
	began := time.Now()
	for ticks, passed := 0, time.Duration(0); passed < most && p.ctx.Err() == nil; ticks++ {
		at := began.Add(passed)
		time.Sleep(time.Until(at))
		p.begin(&alarm{fresh: ticks%2 == 1, sent: at})
		passed += every
		select {
		case <-until:
			if passed >= least {
				return from, len(p.alarms)
			}
		default:
		}
	}
	return from, len(p.alarms)
}

// begin sends a P1, unless too many are under way.
func (p *probe) begin(a *alarm) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == atOnce {
		p.skipped++
		return
	}
	n := len(p.alarms)
	p.alarms = append(p.alarms, a)
	p.open++
	p.under.Go(func() { p.send(n, a) })
}

// send posts a P1 until it is accepted.
func (p *probe) send(n int, a *alarm) {
	body := fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"probe","type":"probe.p%d","subject":"p","severity":"critical","summary":"probe"}`, n, n)
	client := p.clients[0]
	if a.fresh {
		client = p.clients[1]
	}
	for {
		accepted, pause := p.post(client, body)
		p.mu.Lock()
		a.tries++
		if accepted {
			a.accepted = time.Since(a.sent)
			p.open--
		}
		p.mu.Unlock()
		if accepted || !wait(p.ctx, pause) {
			return
		}
	}
}

// post sends a body once. It returns whether it was accepted, and how long to wait if not.
func (p *probe) post(client *http.Client, body []byte) (accepted bool, pause time.Duration) {
	r, err := request(p.ctx, p.url+"/intake/cloudevents", "application/cloudevents+json", bytes.NewReader(body))
	if err != nil {
		return false, again
	}
	answer, err := client.Do(r)
	if err != nil {
		return false, again
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode == http.StatusAccepted, retryAfter(answer, again)
}

// request returns a POST with the token.
func request(ctx context.Context, url, contentType string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+token)
	return r, nil
}

// retryAfter returns the pause that an answer asks for.
func retryAfter(answer *http.Response, otherwise time.Duration) time.Duration {
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil {
		return otherwise
	}
	return time.Duration(seconds) * time.Second
}

var named = regexp.MustCompile(`probe\.p(\d+)`)

// receive notes the P1s that a page names.
func (p *probe) receive(w http.ResponseWriter, r *http.Request) {
	var envelope struct{ Data notify.Message }
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &envelope)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if envelope.Data.Kind != notify.Page {
		return
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, match := range named.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(match[1]))
		if err == nil && n < len(p.alarms) && p.alarms[n].paged == 0 {
			p.alarms[n].paged = now.Sub(p.alarms[n].sent)
		}
	}
}

// settle waits until all P1s are accepted and paged, at most for grace.
func (p *probe) settle(grace time.Duration) {
	for end := time.Now().Add(grace); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if unanswered, unpaged, _ := p.missing(0, len(p.alarms)); unanswered+unpaged == 0 {
			return
		}
	}
}

// missing counts the P1s of these numbers that were not accepted, that were not paged, and their repeated tries.
func (p *probe) missing(from, to int) (unanswered, unpaged, retried int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.alarms[from:to] {
		if a.accepted == 0 {
			unanswered++
		}
		if a.paged == 0 {
			unpaged++
		}
		retried += max(0, a.tries-1)
	}
	return unanswered, unpaged, retried
}

// latencies are those of the P1s of one phase over one kind of connection, in ms.
type latencies struct {
	N        int     `json:"n"`
	Accept50 float64 `json:"accept_p50_ms"`
	Accept99 float64 `json:"accept_p99_ms"`
	Page50   float64 `json:"page_p50_ms"`
	Page99   float64 `json:"page_p99_ms"`
}

// latencies returns those of the P1s of these numbers. What is missing yet counts as if it came now.
func (p *probe) latencies(from, to int, fresh bool) latencies {
	p.mu.Lock()
	defer p.mu.Unlock()
	var accepts, pages []time.Duration
	for _, a := range p.alarms[from:to] {
		if a.fresh != fresh {
			continue
		}
		now := time.Since(a.sent)
		took := func(d time.Duration) time.Duration {
			if d == 0 {
				return now
			}
			return d
		}
		accepts, pages = append(accepts, took(a.accepted)), append(pages, took(a.paged))
	}
	return latencies{len(pages), quantile(accepts, .5), quantile(accepts, .99), quantile(pages, .5), quantile(pages, .99)}
}

// quantile returns a quantile in ms, rounded to µs: the smallest value that at least the share q of all does not exceed.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	at := int(math.Ceil(q*float64(len(all)))) - 1
	return float64(all[max(at, 0)].Microseconds()) / 1000
}
