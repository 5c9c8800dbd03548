package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	inProcess   = "batches"
	senders     = 4
	batchOf     = 50_000  // events of one sender
	keys        = 300_000 // distinct dedup keys
	connections = 1_500   // more than the server may open files
)

// scenario is a load.
type scenario struct {
	prepare func(*loader) func(context.Context)
	fixed   bool // it sends a fixed amount; the others go on until they are stopped
}

var scenarios = map[string]scenario{
	"slow-bodies":       {prepare: func(l *loader) func(context.Context) { return l.slowBodies("") }},
	"slow-bodies-token": {prepare: func(l *loader) func(context.Context) { return l.slowBodies(token) }},
	"idle-connections":  {prepare: func(l *loader) func(context.Context) { return l.idle }},
	"flood":             {prepare: func(l *loader) func(context.Context) { return l.flood("") }},
	"flood-token":       {prepare: func(l *loader) func(context.Context) { return l.flood(token) }},
	"bombs":             {prepare: (*loader).bombs},
	inProcess:           {fixed: true}, // in the server
	"batches-http":      {prepare: func(l *loader) func(context.Context) { return l.batches }, fixed: true},
	"keys":              {prepare: func(l *loader) func(context.Context) { return l.keys }, fixed: true},
}

func names() []string { return slices.Sorted(maps.Keys(scenarios)) }

// slowBodies announces bodies of 1,000 bytes. Half of the connections then send one byte a second, the others nothing.
func (l *loader) slowBodies(bearer string) func(context.Context) {
	head := head("cloudevents", "application/cloudevents+json", bearer, 1000)
	return func(ctx context.Context) {
		l.hold(ctx, connections, func(c net.Conn, rng *rand.Rand) error {
			if _, err := io.WriteString(c, head); err != nil || rng.IntN(2) == 0 {
				return err
			}
			for range 1000 {
				time.Sleep(time.Second)
				if _, err := io.WriteString(c, " "); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func head(intake, contentType, bearer string, length int) string {
	return fmt.Sprintf("POST /intake/%s HTTP/1.1\r\nHost: siege\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n",
		intake, contentType, bearer, length)
}

// idle opens connections. A third of them sends nothing, a third a part of a head, and a third one whole request.
func (l *loader) idle(ctx context.Context) {
	whole := head("cloudevents", "application/cloudevents+json", "", 0)
	l.hold(ctx, connections, func(c net.Conn, rng *rand.Rand) error {
		_, err := io.WriteString(c, whole[:[...]int{0, len(whole) / 2, len(whole)}[rng.IntN(3)]])
		return err
	})
}

// flood sends 2,000 requests a second with an event of one of 1,000 keys.
func (l *loader) flood(bearer string) func(context.Context) {
	return func(ctx context.Context) {
		l.offer(ctx, 2000, 64, func(rng *rand.Rand) *http.Request {
			r := l.post("cloudevents", "application/cloudevents+json", crowdEvent("keys.flood", fmt.Sprint("k", rng.IntN(1000)), rng.Uint64()))
			r.Header.Set("Authorization", "Bearer "+bearer)
			return r
		})
	}
}

func (l *loader) post(intake, contentType string, body []byte) *http.Request {
	r, err := request(context.Background(), l.url+"/intake/"+intake, contentType, bytes.NewReader(body))
	if err != nil {
		panic(err) // the URL is the parent's
	}
	return r
}

func crowdEvent(kind, subject string, id uint64) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"%x","source":"crowd","type":%q,"subject":%q,"severity":"error","summary":"crowd"}`, id, kind, subject)
}

// batches has each sender send 50,000 alerts, 10,000 in a body. Each opens an incident.
func (l *loader) batches(ctx context.Context) {
	const bodies = 5
	events := batchOf / l.share / bodies
	l.deliver(ctx, bodies, events, func(sender, n int) *http.Request {
		var b bytes.Buffer
		b.WriteString(`{"version":"4","externalURL":"http://am","alerts":[`)
		for i := range events {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"status":"firing","labels":{"alertname":"load","class":"crowd.load","severity":"error","instance":"s%d-%d-%d"},`+
				`"annotations":{"summary":"crowd"},"startsAt":"2030-01-01T00:00:00Z","fingerprint":"%x"}`, sender, n, i, (sender*bodies+n)*batchOf+i)
		}
		b.WriteString(`]}`)
		return l.post("alertmanager", "application/json", b.Bytes())
	})
}

// keys sends 300,000 events with a key each, 1,000 in a body. A thousand of them share an incident.
func (l *loader) keys(ctx context.Context) {
	const inBody = 1000
	bodies := max(1, keys/l.share/senders/inBody)
	l.deliver(ctx, bodies, inBody, func(sender, n int) *http.Request {
		var b bytes.Buffer
		for i := range inBody {
			b.WriteByte("[,"[min(i, 1)])
			number := (sender*bodies+n)*inBody + i
			b.Write(crowdEvent("keys.load", fmt.Sprint("key-", number), uint64(number)))
		}
		b.WriteByte(']')
		return l.post("cloudevents", "application/cloudevents-batch+json", b.Bytes())
	})
}

// bombs sends 20 requests a second, each with a body that is small to send and large or odd to read.
func (l *loader) bombs() func(context.Context) {
	all := bombs()
	return func(ctx context.Context) {
		l.offer(ctx, 20, 8, func(rng *rand.Rand) *http.Request {
			b := all[rng.IntN(len(all))]
			r := l.post(b.intake, b.contentType, b.body)
			if b.packed {
				r.Header.Set("Content-Encoding", "gzip")
			}
			if b.endless {
				r.ContentLength = -1
			}
			return r
		})
	}
}

// bomb is a body.
type bomb struct {
	name, intake, contentType string
	body                      []byte
	packed, endless           bool // gzip; without a length
}

func bombs() []bomb {
	const one, many, am = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
	data := func(json string) []byte {
		return []byte(`{"specversion":"1.0","id":"b","source":"bomb","type":"keys.bomb","subject":"bomb","severity":"error","data":` + json + `}`)
	}
	alert := func(text string) []byte {
		return []byte(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"x"},"annotations":{"summary":"` + text + `"}}]}`)
	}
	var members strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&members, `"m%d":%d,`, i, i)
	}
	return []bomb{
		{name: "gzip of 64 MiB", intake: "alertmanager", contentType: am, body: packed(64 << 20), packed: true},
		{name: "gzip of 15 MiB", intake: "alertmanager", contentType: am, body: packed(15 << 20), packed: true},
		{name: "nested 400,000 deep", intake: "cloudevents", contentType: one, body: data(strings.Repeat("[", 400_000))},
		{name: "nested in an alert", intake: "alertmanager", contentType: am, body: []byte(`{"alerts":` + strings.Repeat(`[`, 8<<20))},
		{name: "16 MiB", intake: "alertmanager", contentType: am, body: alert(strings.Repeat("x", 16<<20-1024))},
		{name: "17 MiB", intake: "alertmanager", contentType: am, body: alert(strings.Repeat("x", 17<<20))},
		{name: "17 MiB without a length", intake: "alertmanager", contentType: am, body: alert(strings.Repeat("x", 17<<20)), endless: true},
		{name: "4 million empty alerts", intake: "alertmanager", contentType: am, body: []byte(`{"alerts":[` + strings.Repeat(`{},`, 4<<20) + `{}]}`)},
		{name: "a number of 900,000 digits", intake: "cloudevents", contentType: one, body: data(`{"n":` + strings.Repeat("9", 900_000) + `}`)},
		{name: "1e999999", intake: "cloudevents", contentType: one, body: data(`{"n":1e999999}`)},
		{name: "-1e999999 and 1e-999999", intake: "cloudevents", contentType: one, body: data(`{"n":[-1e999999,1e-999999,1e308]}`)},
		{name: "60,000 members", intake: "cloudevents", contentType: one, body: data(`{` + strings.TrimSuffix(members.String(), ",") + `}`)},
		{name: "NULs", intake: "cloudevents", contentType: one, body: []byte(`{"specversion":"1.0","id":"n\u0000","source":"bomb\u0000","type":"keys.bomb","subject":"\u0000a","dedupkey":"\u0000b","severity":"error"}`)},
		{name: "invalid UTF-8", intake: "cloudevents", contentType: one, body: data("\"\xff\xfe\xc0\x80\"")},
		{name: "10,001 events", intake: "cloudevents", contentType: many, body: []byte("[" + strings.Repeat("0,", 10_000) + "0]")},
	}
}

// packed returns n spaces in gzip.
func packed(n int) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for spaces := bytes.Repeat([]byte(" "), 1<<20); n > 0; n -= len(spaces) {
		_, _ = w.Write(spaces) // a buffer takes all
	}
	_ = w.Close()
	return b.Bytes()
}
