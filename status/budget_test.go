package status_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBudget bounds what a browser loads.
func TestBudget(t *testing.T) {
	play(t, func(s *stage) {
		loads := len(s.get("ana", "/").Body.Bytes())
		for file, most := range map[string]int{"dashboard.css": 12 << 10, "dashboard.js": 8 << 10, "sprite.svg": 2 << 10, "quiet.svg": 1 << 10} {
			w := s.get("", "/assets/"+file)
			assert.Equal(t, 200, w.Code, file)
			assert.LessOrEqual(t, w.Body.Len(), most, file)
			loads += w.Body.Len()
		}
		assert.LessOrEqual(t, loads, 60<<10, "the quiet page with all that it loads")
		t.Logf("the quiet page with all that it loads: %d bytes", loads)
		assert.Equal(t, 404, s.get("ana", "/assets/none.css").Code)
	})
}

// TestContrast computes the contrast of text from the colours in the stylesheet, for light and dark.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("assets/dashboard.css")
	require.NoError(t, err)
	light, dark, ok := strings.Cut(string(css), "prefers-color-scheme:dark")
	require.True(t, ok)
	dark, _, _ = strings.Cut(dark, "}}")
	light, _, _ = strings.Cut(light, "}")
	modes := map[string]map[string]string{"light": tokens(light), "dark": tokens(light)}
	for name, value := range tokens(dark) {
		modes["dark"][name] = value
	}
	for mode, token := range modes {
		for _, pair := range [][2]string{
			{"text", "ground"},
			{"text", "raise"},
			{"muted", "ground"},
			{"p1", "ground"},
			{"p2", "ground"},
			{"p3", "ground"},
			{"unknown", "ground"},
			{"onfill", "fill1"},
			{"onfill", "fill2"},
			{"onfill", "fill3"},
			{"onfill", "fill4"},
			{"onfill", "fillu"},
			{"ground", "text"},
		} {
			ratio := contrast(t, token[pair[0]], token[pair[1]])
			assert.GreaterOrEqual(t, ratio, 4.5, "%s: %s on %s", mode, pair[0], pair[1])
		}
		assert.GreaterOrEqual(t, contrast(t, token["edge"], token["ground"]), 3.0, "%s: the edge of a button", mode)
	}
}

var token = regexp.MustCompile(`--(\w+):(#[0-9A-F]{6})`)

func tokens(css string) map[string]string {
	all := map[string]string{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		all[m[1]] = m[2]
	}
	return all
}

// contrast is the ratio of the Web Content Accessibility Guidelines 2.
func contrast(t *testing.T, a, b string) float64 {
	light := func(colour string) (l float64) {
		require.Len(t, colour, 7)
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
			require.NoError(t, err)
			c := float64(v) / 255
			if c <= 0.04045 {
				l += weight * c / 12.92
			} else {
				l += weight * math.Pow((c+0.055)/1.055, 2.4)
			}
		}
		return l + 0.05
	}
	x, y := light(a), light(b)
	return max(x, y) / min(x, y)
}
