package intake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// sample is a recorded request of a real sender.
type sample struct {
	header http.Header
	body   []byte
}

func samples(t *testing.T, pattern string) map[string]sample {
	t.Helper()
	dir := os.Getenv("TOCSIN_SAMPLES")
	if dir == "" {
		t.Skipf("SKIPPED, not tested: TOCSIN_SAMPLES is unset; set it to a folder of %s bodies to read them too", pattern)
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files, "nothing in %s is called %s", dir, pattern)
	all := make(map[string]sample, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s := sample{http.Header{}, text}
		if filepath.Ext(file) == ".http" {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
			require.NoError(t, err)
			_, s.body, _ = bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
			s.header = r.Header
		}
		all[filepath.Base(file)] = s
	}
	return all
}

// shuffled returns text with the members of all objects in another order.
func shuffled(t *testing.T, body []byte) []byte {
	t.Helper()
	v, err := readValue(body, 100)
	require.NoError(t, err)
	var b bytes.Buffer
	var write func(v any)
	write = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			names := slices.Sorted(maps.Keys(v))
			rand.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
			for i, name := range names {
				fmt.Fprintf(&b, "%c%s:", "{,"[min(i, 1)], quoted(name))
				write(v[name])
			}
			b.WriteString("{}"[min(len(names), 1):])
		case []any:
			for i, element := range v {
				b.WriteByte("[,"[min(i, 1)])
				write(element)
			}
			b.WriteString("[]"[min(len(v), 1):])
		default:
			b.Write(quoted(v))
		}
	}
	write(v.of)
	require.True(t, json.Valid(b.Bytes()), b.String())
	return b.Bytes()
}

func quoted(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}

// checkSample decodes a sample in several ways that must give the same events.
func checkSample(t *testing.T, s sample, decode func(body []byte) *batch) *batch {
	t.Helper()
	first := decode(s.body)
	require.NotEmpty(t, first.events)
	assert.Empty(t, first.words)
	keys := map[string]bool{}
	for i, e := range first.events {
		require.NoError(t, e.Check())
		class := event.Class{Name: e.Type}
		key := class.Key(&e)
		for name, body := range map[string][]byte{"again": s.body, "shuffled": shuffled(t, s.body), "shuffled again": shuffled(t, s.body)} {
			assert.Equal(t, e, decode(body).events[i], name)
			assert.Equal(t, key, class.Key(&decode(body).events[i]), name)
		}
		assert.False(t, keys[key+e.Source+e.ID], "two events under the key %s", key)
		keys[key+e.Source+e.ID] = true
		assert.NotEmpty(t, e.Source)
		assert.NotEmpty(t, e.Type)
		assert.NotZero(t, e.Time)
		if e.Signal == event.Trigger {
			assert.NotEmpty(t, e.Summary)
		}
		if bytes.Contains(s.body, []byte(`"severity"`)) || s.header.Get("Ce-Severity") != "" {
			assert.NotZero(t, e.Severity) // zero would mean that the word was not understood
		}
	}
	return first
}

func TestSamplesOfAlertmanager(t *testing.T) {
	for name, s := range samples(t, "alertmanager_*webhook*") {
		t.Run(name, func(t *testing.T) {
			b := checkSample(t, s, func(body []byte) *batch {
				n, err := decodeAlertmanager(bytes.NewReader(body), noon)
				require.NoError(t, err)
				return &n.batch
			})
			assert.Zero(t, b.bad, b.faults)
			for _, e := range b.events {
				assert.True(t, strings.HasPrefix(e.Type, "alertmanager."), e.Type)
				assert.True(t, strings.HasPrefix(e.Source, "http"), e.Source)
				assert.NotZero(t, e.Severity)
				if strings.Contains(name, "_live_") {
					assert.Equal(t, e.DedupKey, fingerprint(e.Labels), "as the sender computes it")
				}
			}
		})
	}
}

func TestSamplesOfCloudEvents(t *testing.T) {
	for name, s := range samples(t, "cloudevents_*") {
		t.Run(name, func(t *testing.T) {
			if len(s.header) == 0 { // no headers in the sample
				s.header.Set("Content-Type", "application/cloudevents+json")
				if bytes.HasPrefix(s.body, []byte("[")) {
					s.header.Set("Content-Type", "application/cloudevents-batch+json")
				}
			}
			b := checkSample(t, s, func(body []byte) *batch {
				b, err := decodeCloudEvents(s.header, bytes.NewReader(body), 32)
				require.NoError(t, err)
				return b
			})
			if strings.Contains(name, "batch") { // the first entry has invalid base64
				require.Equal(t, 1, b.bad)
				assert.Contains(t, b.faults[0], "events[0]: data_base64: illegal base64")
				return
			}
			assert.Zero(t, b.bad, b.faults)
		})
	}
}
