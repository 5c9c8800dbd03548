package dashboard_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moments are those of examples/major-incident at which the test looks, by their time of day.
var moments = map[string]string{
	"03:00": "opened", "03:09": "commander", "03:16": "roll-back", "03:19": "restarted", "03:42": "a-minute-to-spare",
	"03:53": "still-fires", "04:01": "relapsed", "04:24": "resolved", "04:31": "closed",
}

// TestMajorIncident walks through the story of examples/major-incident with a browser: the heading of the dashboard says at each moment what
// the program prints, and leads to the page of the incident while it is open.
func TestMajorIncident(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	b := browser(t)
	program := filepath.Join(t.TempDir(), "major-incident")
	build := exec.Command("go", "build", "-o", program, "./major-incident")
	build.Dir = filepath.Join("..", "..", "examples")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	story := exec.CommandContext(t.Context(), program, "-store", "sqlite", "-look", "127.0.0.1:0")
	enter, err := story.StdinPipe()
	require.NoError(t, err)
	told, err := story.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, story.Start())
	var at, verdict string
	seen := 0
	header, address := regexp.MustCompile(`^(\d\d:\d\d):\d\d  `), regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	for lines := bufio.NewScanner(told); lines.Scan(); {
		line := lines.Text()
		if found := header.FindStringSubmatch(line); found != nil {
			at = found[1]
		}
		if said, ok := strings.CutPrefix(line, "   dashboard: "); ok {
			verdict = said
		}
		url := address.FindString(line)
		if url == "" {
			continue
		}
		if name := moments[at]; name != "" {
			seen++
			b.moment(axe, url, "story-"+name, verdict)
		}
		_, err = io.WriteString(enter, "\n")
		require.NoError(t, err)
	}
	require.NoError(t, story.Wait())
	assert.Equal(t, len(moments), seen)
}

// moment looks at the main page, and at the page of the incident if it is listed there.
func (b *tab) moment(axe []byte, url, name, verdict string) {
	b.Helper()
	for _, v := range []view{views[0], views[3]} {
		b.look(url, v)
		assert.Equal(b, verdict, strings.Join(strings.Fields(b.text("h1")), " "), name)
		b.picture(name+"-"+v.name, false)
		b.judged(axe, name+" "+v.name)
		b.inView(v)
		page, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('h3 a[href*="incident/"]')].find(a => a.textContent == "Payments fail in eu")?.href ?? ""`))
		require.NoError(b, err)
		if page == "" {
			continue
		}
		b.look(page, v)
		assert.Contains(b, b.text("h1"), "Payments fail in eu", name)
		b.picture(name+"-incident-"+v.name, false)
		b.judged(axe, name+" incident "+v.name)
		b.inView(v)
	}
}
