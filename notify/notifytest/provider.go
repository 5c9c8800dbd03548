package notifytest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
)

// The secret parts of the provider's URL.
const (
	secretPath  = "T0Cpath7f3a"
	secretQuery = "T0Cquery9b1c"
)

// patience is the time after which the suite reports a missing reaction.
const patience = 5 * time.Second

// provider is the test server. It records requests and answers with a given handler.
type provider struct {
	server *httptest.Server
	client *http.Client
	answer http.HandlerFunc
	ending chan struct{} // closed when no call waits for an answer

	mu    sync.Mutex
	asked []*request
}

func newProvider(answer http.HandlerFunc) *provider {
	p := &provider{answer: answer, ending: make(chan struct{})}
	p.server = httptest.NewServer(p)
	p.client = &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // every request opens a connection
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

func (p *provider) url() string {
	return p.server.URL + "/" + secretPath + "?token=" + secretQuery
}

func (p *provider) close() {
	close(p.ending)
	p.server.Close()
}

// ServeHTTP reads the whole request first: net/http notices a closed connection only after that.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.asked = append(p.asked, &request{method: r.Method, url: r.URL, header: r.Header, body: body})
	p.mu.Unlock()
	p.answer(w, r)
}

func (p *provider) requests() []*request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// try sends one message to a provider that answers with answer. It returns the requests and the error of Notify.
func (s *subject) try(answer http.HandlerFunc, m notify.Message) ([]*request, error) {
	p := newProvider(answer)
	defer p.close()
	err := p.send(s, m)
	return p.requests(), err
}

// send creates a notifier and sends one message.
func (p *provider) send(s *subject, m notify.Message) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := s.newNotifier(p.url(), p.client).Notify(ctx, m)
	return err
}

// accept writes the answer to an accepted message.
func accept(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, "{}")
}

// status answers with a code, and a Retry-After unless it is empty.
func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

// reset closes the connection within an answer; the client sees a TCP reset.
func reset(w http.ResponseWriter, _ *http.Request) {
	raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", true)
}

// raw sends text instead of an HTTP answer and closes the connection.
func raw(w http.ResponseWriter, text string, abruptly bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	io.WriteString(conn, text)
	if tcp, ok := conn.(*net.TCPConn); ok && abruptly {
		tcp.SetLinger(0)
	}
}

// page returns an ordinary message without any mark-up.
func page() notify.Message {
	return notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, Channel: "suite", To: "ana", Person: "ana", Title: "P1 payout waits",
		Text: "service checkout", Why: "impact high", Incident: "INC-7", Priority: 1, Round: 1, Level: 1, Attempt: 1,
		Summary: "payout waits", Class: "payments.payout.stuck", Service: "checkout", Owner: "payments",
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}
