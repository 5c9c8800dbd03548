package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestDepthCountsOnlyBrackets(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		deep       bool
	}{
		{"as deep as allowed", `[[{"a":[]}]]`, false},
		{"one deeper", `[[{"a":[[]]}]]`, true},
		{"side by side", `[[],[],{},[[]],{"a":{}}]`, false},
		{"inside a text", `["[[[[[[{{{{{"]`, false},
		{"behind an escaped quote", `["\"[[[[[[{{{{{"]`, false},
		{"behind an escaped backslash", `["\\",[[[[]]]]]`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []*depthReader{{r: strings.NewReader(tt.body), left: 4}, {r: oneByte{strings.NewReader(tt.body)}, left: 4}} {
				var b bytes.Buffer
				_, err := b.ReadFrom(r)
				assert.Equal(t, tt.deep, errors.Is(err, errTooDeep))
				if !tt.deep {
					assert.Equal(t, tt.body, b.String(), "passed through unchanged")
				}
			}
		})
	}
}

func TestTextsThatAreNoUTF8(t *testing.T) {
	for text, want := range map[string]bool{
		`"plain"`: true, `""`: true, `"\u00e4\n\\u"`: true, `"\ud83d\ude00"`: true, `"\\ud83d"`: true, `"\ufffd"`: true,
		`"\ud83d"`: false, `"\ud83dx"`: false, `"\ude00\ud83d"`: false, `"a\\\ud83d\u0041"`: false, "\"\xff\"": false, `"\n` + "\xff\"": false,
		`"\ud8`: true, `\`: true, `\u`: true,
	} {
		assert.Equal(t, want, isText([]byte(text)), text)
	}
}

type oneByte struct{ r *strings.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// The memory for any body is a small multiple of the largest allowed body.
func TestDecodingIsBounded(t *testing.T) {
	body := 4 << 20
	if testing.Short() {
		body = 1 << 20
	}
	for name, text := range map[string]string{
		"empty alerts": `{"alerts":[` + strings.Repeat("{},", body/3) + `{}]}`,
		"small alerts": `{"alerts":[` + strings.Repeat(`{"labels":{"a":"b"}},`, body/22) + `{}]}`,
		"one text":     `{"alerts":[],"x":"` + strings.Repeat("x", body) + `"}`,
		"deep":         strings.Repeat("[", body),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			n, err := decodeAlertmanager(&depthReader{r: strings.NewReader(text), left: 32}, noon)
			runtime.GC()
			runtime.ReadMemStats(&after)
			assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(64<<20), "still held")
			runtime.KeepAlive(n)
			if err == nil {
				assert.LessOrEqual(t, len(n.events), maxAlerts)
			}
		})
	}
}

func FuzzAlertmanager(f *testing.F) {
	f.Add([]byte(`{"alerts":[]}`))
	f.Add([]byte(`{"alerts":[{"labels":{"alertname":"A"}},7,null,{}],"truncatedAlerts":3} `))
	f.Add([]byte(`{"receiver":"bell","alerts":[{"status":"firing","labels":{"alertname":"QueueFull","class":"queue.full","severity":"page"},` +
		`"annotations":{"summary":"full","a_url":"http://x.example"},"startsAt":"2026-05-04T10:00:00.5+02:00","endsAt":"0001-01-01T00:00:00Z",` +
		`"generatorURL":"https://prom.example.com","fingerprint":"1"},{"status":"resolved","labels":{"severity":"odd"},` +
		`"endsAt":"2026-05-04T11:00:00Z"}],"externalURL":"http://am.example.com","groupKey":"{}:{}","version":"4"}`))
	f.Add([]byte(strings.Repeat(`{"alerts":[`, 20)))
	f.Add([]byte("{\"alerts\":[{\"labels\":{\"\xff\":\"\\ud800\"}}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sound(t, func() (*batch, error) {
			n, err := decodeAlertmanager(&depthReader{r: bytes.NewReader(body), left: 32}, noon)
			if err != nil {
				return nil, err
			}
			if !json.Valid(body) {
				t.Fatal("what is no JSON was decoded")
			}
			for _, e := range n.events {
				if e.DedupKey == "" || e.ID != "" || e.Source == "" {
					t.Fatalf("%+v", e)
				}
			}
			return &n.batch, nil
		})
	})
}

func BenchmarkAlertmanager(b *testing.B) {
	alert := `{"status":"firing","labels":{"alertname":"QueueFull","instance":"mq-1","job":"mq","service":"queue","severity":"critical"},` +
		`"annotations":{"summary":"queue mq-1 is full","description":"more than 10000 messages wait","runbook_url":"https://wiki.example.com/queue"},` +
		`"startsAt":"2026-05-04T10:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://prom.example.com/graph?g0.expr=x",` +
		`"fingerprint":"00c0ffee00c0ffee"}`
	body := `{"alerts":[` + strings.Repeat(alert+",", 999) + alert + `],"externalURL":"https://am.example.com","groupKey":"{}:{}"}`
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := decodeAlertmanager(&depthReader{r: strings.NewReader(body), left: 32}, noon); err != nil || len(n.events) != 1000 {
			b.Fatal(err)
		}
	}
}
