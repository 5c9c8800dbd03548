package dashboard_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	shots  = flag.String("shots", "", "folder for a picture of each state")
	update = flag.Bool("update", false, "write the pictures that the documents show, of what is seen first")
)

// required returns a file that the tests need. Without it the test is skipped, or fails where it must not be.
func required(t testing.TB, found string, what string) string {
	if found == "" {
		if os.Getenv("TOCSIN_REQUIRE_BROWSER") != "" {
			t.Fatalf("there is no %s", what)
		}
		t.Skip("SKIPPED, not tested: there is no " + what)
	}
	return found
}

// tab is a tab of a browser.
type tab struct {
	testing.TB
	ctx context.Context
}

// browser opens one browser for a test.
func browser(t testing.TB) *tab {
	if testing.Short() {
		t.Skip("SKIPPED, not tested with -short: what a browser shows, of which the race detector sees nothing")
	}
	path, _ := exec.LookPath("chromium")
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.ExecPath(required(t, path, "chromium"))))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx)) // the browser lives as long as the context of the first call
	return &tab{t, ctx}
}

// another opens a tab beside.
func (b *tab) another() *tab {
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.Cleanup(cancel)
	require.NoError(b, chromedp.Do(ctx))
	return &tab{b.TB, ctx}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	require.NoError(b, chromedp.Do(ctx, steps...))
}

// look sets how the page is looked at, then opens it.
func (b *tab) look(url string, v view) {
	b.Helper()
	b.as(v)
	b.do(chromedp.Navigate(url), chromedp.WaitReady("#main"))
	time.Sleep(200 * time.Millisecond) // the event stream answers
}

// as sets how the page is looked at.
func (b *tab) as(v view) {
	b.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(b, err)
	b.front()
	b.do(chromedp.EmulateViewport(v.width, v.height))
}

// front brings the tab to the front: others get no keys.
func (b *tab) front() {
	_, err := chromedp.Call(b.ctx, page.BringToFront, cdp.Empty{})
	require.NoError(b, err)
}

// scripts lets scripts of pages run, or not.
func (b *tab) scripts(on bool) {
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	require.NoError(b, err)
}

// until waits until an expression is true.
func (b *tab) until(expression string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 40*time.Second)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression))
	require.NoError(b, err, expression)
}

// text returns the text of an element. It asks once: a live page may replace the element between two questions.
func (b *tab) text(selector string) string {
	b.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q).textContent`, selector)))
	require.NoError(b, err)
	return strings.ReplaceAll(text, "\u00a0", " ")
}

// view is a way to look at a page.
type view struct {
	name          string
	width, height int64
	scheme        string
}

var views = []view{
	{"light", 1440, 900, "light"}, {"dark", 1440, 900, "dark"}, {"390", 390, 844, "light"}, {"390-dark", 390, 844, "dark"},
}

// picture keeps a picture of the whole page, or with first of what is seen first.
func (b *tab) picture(name string, first bool) {
	b.Helper()
	var folders []string
	if *shots != "" {
		folders = append(folders, *shots)
	}
	if *update && shown(name) {
		folders = append(folders, filepath.Join("..", "..", "docs", "img"))
	}
	if folders == nil {
		return
	}
	action := chromedp.FullScreenshot(100)
	if first || *update {
		action = chromedp.CaptureScreenshot()
	}
	png, err := chromedp.Run(b.ctx, action)
	require.NoError(b, err)
	for _, folder := range folders {
		require.NoError(b, os.MkdirAll(folder, 0o755))
		require.NoError(b, os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644))
	}
}

// shown reports whether the documents keep a picture: of every sentence and state of the main page, and of the page of an incident, in light,
// in the dark and on a telephone, and of the main page on a wall.
func shown(name string) bool {
	name, wall := strings.CutPrefix(name, "wall-")
	k := strings.LastIndexByte(name, '-')
	looks := []string{"light", "dark", "390"}
	if wall {
		looks = looks[:1]
	}
	return k > 0 && slices.Contains(pictured, name[:k]) && slices.Contains(looks, name[k+1:])
}

var pictured = []string{
	"quiet", "unheld", "held", "watched", "storm", "blind", "disconnected", "read-only", "filter-empty", "ten-thousand", "incident-unheld", "public",
}
