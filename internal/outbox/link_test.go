package outbox

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// TestLinksOfMessages: a page to a person is signed for that person; what others read along has the page of the incident only.
func TestLinksOfMessages(t *testing.T) {
	links := acklink.New("https://bell.example", [][]byte{bytes.Repeat([]byte{7}, 32)})
	now := time.Date(2026, 3, 3, 14, 0, 0, 0, time.UTC)
	plain := event.Link{URL: "https://bell.example/incident/k7qf", Text: "Incident"}
	own := event.Link{URL: "https://wiki.example", Text: "Wiki"}
	for _, tt := range []struct {
		name   string
		m      notify.Message
		keeps  bool
		signed bool
		plain  bool
	}{
		{"a page to a person", notify.Message{Kind: notify.Page, Person: "ana"}, false, true, false},
		{"a page about alerts that joined", notify.Message{Kind: notify.Page, Occasion: notify.OccasionJoined, Person: "ana"}, false, true, false},
		{"a page to a room", notify.Message{Kind: notify.Page}, false, false, true},
		{"a notice to a person", notify.Message{Kind: notify.Notice, Person: "ana"}, false, false, true},
		{"a page to a person at a provider that keeps incidents", notify.Message{Kind: notify.Page, Person: "ana"}, true, false, true},
		{"a message to somebody outside", notify.Message{Kind: notify.Page, Person: "ana", Audience: true}, false, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newChannel("slack")
			if tt.keeps {
				c.notifier = keeper{}
			}
			m := tt.m
			m.Incident, m.Channel, m.Round, m.Level, m.At, m.Links = "k7qf", "slack", 2, 1, now.Add(-time.Minute), []event.Link{own}
			out := &Outcome{Task: store.Task{Record: store.Key{Tenant: "acme"}}, Message: m}
			got := New(nil, nil, links, noop.Tracer{}, nil).message(c, []*Outcome{out}, now)
			assert.Equal(t, m, out.Message, "what is stored has no link")
			want := []event.Link{own}
			if tt.plain {
				want = append(want, plain)
			}
			assert.Equal(t, want, got.Links)
			require.Equal(t, tt.signed, got.Ack != "")
			if tt.signed {
				claims, err := links.Read(got.Ack[len("https://bell.example/a/"):], now)
				require.NoError(t, err)
				assert.Equal(t, acklink.Claims{
					Tenant: "acme", Incident: "k7qf", Person: "ana", Channel: "slack", Round: 2, Level: 1, Made: m.At, Until: now.Add(24 * time.Hour),
				}, claims)
			}
			assert.Equal(t, m, New(nil, nil, nil, noop.Tracer{}, nil).message(c, []*Outcome{out}, now), "without PublicURL nothing is added")
		})
	}
	t.Run("pages in one message, of two tenants", func(t *testing.T) {
		outs := make([]*Outcome, 2)
		for i, tenant := range []string{"acme", "b"} {
			outs[i] = &Outcome{Task: store.Task{Record: store.Key{Tenant: tenant}}, Message: notify.Message{
				Kind: notify.Page, Person: "ana", Incident: "inc" + tenant, Key: tenant, At: now,
			}}
		}
		got := New(nil, nil, links, noop.Tracer{}, nil).message(newChannel("slack"), outs, now)
		require.Len(t, got.Pages, 2)
		assert.Empty(t, got.Ack)
		for _, p := range got.Pages {
			claims, err := links.Read(p.Ack[len("https://bell.example/a/"):], now)
			require.NoError(t, err)
			assert.Equal(t, p.Incident, claims.Incident)
			assert.Equal(t, p.Key, claims.Tenant)
		}
	})
}
