package status_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
	"github.com/tocsin-dev/tocsin/status"
)

// larkfield is the page of a shop on a bad day.
func larkfield() *comms.Page {
	days := func(bad map[int]comms.Day) (all []comms.Day) {
		for i := range 90 {
			d := comms.Day{Date: shown.AddDate(0, 0, i-89).Format(time.DateOnly), Worst: comms.Operational}
			if b, ok := bad[i]; ok {
				d.Worst, d.Down = b.Worst, b.Down
			}
			all = append(all, d)
		}
		return all
	}
	of := func(name string, state comms.Condition, says string, share float64, bad map[int]comms.Day) comms.Component {
		c := part(name, state, says)
		c.Days = days(bad)
		c.Uptime = []comms.Uptime{{Days: 30, Share: share}, {Days: 90, Share: share}, {Days: 365, Share: share}}
		if state != comms.Operational {
			c.Since = shown.Add(-16 * time.Minute)
		}
		return c
	}
	hit := func(worst comms.Condition, minutes int) comms.Day {
		return comms.Day{Worst: worst, Down: time.Duration(minutes) * time.Minute}
	}
	open := posted("Card payments fail in Europe.", comms.Identified, "critical", shown.Add(13*time.Minute), "Checkout")
	open.Entries[0].Text = "Our card provider’s main connection in Europe does not answer. We are moving payments to a second one.\nYour basket is kept. You are not charged for a payment that failed."
	open.Entries = append(open.Entries, comms.Entry{
		Stage: comms.Investigating, At: shown.Add(-10 * time.Minute), Text: "About a third of card payments in Europe fail after “Pay”. Bank transfer works.", State: comms.Corrected, Next: shown,
	})
	over := posted("Invoices are late", comms.Resolved, "minor", time.Time{}, "Orders")
	over.ID, over.Since = "p2", shown.Add(-19*24*time.Hour-20*time.Minute)
	over.Entries = []comms.Entry{
		{Stage: comms.Resolved, At: shown.Add(-19 * 24 * time.Hour), Text: "Invoices are sent at once again.", State: comms.Sent},
		{Stage: comms.Identified, At: shown.Add(-19*24*time.Hour - 15*time.Minute), Text: "Invoices of the last hour were lost.", State: comms.Retracted},
	}
	return &comms.Page{
		Brand: comms.Brand{Name: "Larkfield", Support: "https://help.larkfield.example/", Colour: "#0a5"},
		AsOf:  shown,
		Groups: []comms.Group{
			{Name: "Shop", Components: []comms.Component{
				of("Checkout", comms.MajorOutage, "Card payments fail in Europe.", 0.99934, map[int]comms.Day{11: hit(comms.Degraded, 25), 52: hit(comms.MajorOutage, 52), 89: hit(comms.MajorOutage, 16)}),
				of("Search", comms.Degraded, "Search is slow.", 0.9996, map[int]comms.Day{30: hit(comms.Degraded, 18), 89: hit(comms.Degraded, 0), 0: {}, 1: {}, 2: {}}),
				of("Baskets", comms.Operational, "", 1, nil),
				of("Product pages", comms.UnderMaintenance, "", 0.999999, map[int]comms.Day{52: hit(comms.PartialOutage, 9), 70: hit(comms.UnderMaintenance, 0)}),
			}},
			{Name: "Your account", Components: []comms.Component{
				of("Sign-in", comms.Operational, "", 0.9999, map[int]comms.Day{52: hit(comms.PartialOutage, 11)}),
				of("Orders", comms.PartialOutage, "", 0.9997, map[int]comms.Day{52: hit(comms.PartialOutage, 20), 70: hit(comms.Degraded, 205)}),
			}},
		},
		Posts: []comms.Post{open, over},
		Work: []comms.Work{
			{ID: "w1", Title: "Search moves to new machines", Text: "Search may be slow for up to 10 min. Everything else works.", Components: []string{"c-Search"}, From: shown.Add(64 * time.Hour), Until: shown.Add(65 * time.Hour), State: comms.Scheduled},
			{ID: "w2", Title: "Refunds get a new ledger", From: shown.Add(-40 * 24 * time.Hour), Until: shown.Add(-40*24*time.Hour + time.Hour), State: comms.Completed},
		},
	}
}

// files returns the files of a page.
func files(t *testing.T, page *comms.Page, now time.Time, url string) map[string]string {
	t.Helper()
	all, err := status.PublicFiles(page, now, url)
	require.NoError(t, err)
	return all
}

var update = flag.Bool("update", false, "write the public page of testdata anew")

// TestPublicGolden holds every file of a public page to those in testdata, fresh and seven minutes old. A browser looks at them in
// integration/dashboard.
func TestPublicGolden(t *testing.T) {
	for name, now := range map[string]time.Time{"fresh": shown, "old": shown.Add(7 * time.Minute)} {
		folder := filepath.Join("testdata", "public", name)
		if *update {
			require.NoError(t, os.MkdirAll(folder, 0o755))
			require.NoError(t, status.ExportPublic(larkfield(), now, folder))
		}
		seen := 0
		for path, body := range files(t, larkfield(), now, "") {
			if path == "" || strings.HasSuffix(path, "/") {
				path += "index.html"
			}
			want, err := os.ReadFile(filepath.Join(folder, path))
			require.NoError(t, err)
			assert.Equal(t, string(want), body, "%s: go test ./status -run TestPublicGolden -update writes it anew", path)
			seen++
		}
		written := 0
		require.NoError(t, filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
			if !d.IsDir() {
				written++
			}
			return err
		}))
		assert.Equal(t, seen, written, "%s has no other files", folder)
	}
}

// TestPublicPages: what stands on each page, the links among them lead to pages, and each says of when it is.
func TestPublicPages(t *testing.T) {
	all := files(t, larkfield(), shown, "")
	for path, texts := range map[string][]string{
		"": {
			"Card payments fail in Europe.", "You hear next by 14:30 UTC.", "We have corrected this since.", "Get help", "Down</span> since", "Works badly", "Planned work</span>",
			"Checkout, 90 days: worked 99.93 % of the time. Trouble on 3 days: today 16 min, 13 Jul 52 min, 2 Jun 25 min.", "Product pages: down for some", "3 h 25 min",
			"99.99 %", "Search moves to new machines.", "06:17", "Invoices are late", "100 %",
		},
		"history/":      {"July 2026", "Invoices are late", "Refunds get a new ledger.", "Done."},
		"incidents/p1/": {"Card payments fail in Europe", "even if nothing has changed", "bank transfer works", "Affects Checkout."},
		"incidents/p2/": {"over after", "We have taken this back.", "class=\"struck\""},
	} {
		text := strings.ReplaceAll(html.UnescapeString(all[path]), "\u00a0", " ")
		for _, want := range texts {
			assert.True(t, strings.Contains(strings.ToLower(text), strings.ToLower(want)), "page %q says %q", path, want)
		}
	}
	for path, text := range all {
		if !strings.HasPrefix(text, "<!doctype html>") {
			continue
		}
		assert.Contains(t, text, `as of <time datetime="2026-08-19T14:17:00Z"`, path)
		assert.Contains(t, text, "we do not answer", path)
		assert.NotContains(t, text, "style=", path)
		for _, to := range links("/"+path, text) {
			assert.Contains(t, all, strings.TrimPrefix(to, "/"), "page %q links to %s", path, to)
		}
	}
	old := files(t, larkfield(), shown.Add(7*time.Minute), "")
	assert.Contains(t, old[""], "This page is 7\u00a0min old. We cannot say how things stand now.")
	assert.Contains(t, old["api/v2/status.json"], "This page is 7 min old.")
}

// TestPublicHostile puts hostile texts into every field of a page, which reflection finds, and looks for what came through: once into all of
// them, and once into all but ids and words of a set, so that every page is made.
func TestPublicHostile(t *testing.T) {
	texts, seen, fields := hostile(), 0, 0
	if testing.Short() { // nothing of it runs beside anything
		texts = texts[:len(texts)/10]
	}
	for n, text := range slices.Concat(texts, texts) {
		page := larkfield()
		for _, g := range page.Groups {
			for i := range g.Components {
				g.Components[i].Days = g.Components[i].Days[88:]
			}
		}
		fields = max(fields, fill(reflect.ValueOf(page).Elem(), text, n < len(texts)))
		for path, body := range files(t, page, shown, "") {
			if found := broke.FindString(body); strings.HasSuffix(path, ".json") {
				require.True(t, json.Valid([]byte(body)), path)
				require.NotContains(t, body, "<zQz", "%s: %q", path, text)
			} else if found != "" {
				t.Fatalf("%s: %q stands in it, of %q", path, found, text)
			}
			for l := range strings.SplitSeq(html.UnescapeString(body), "\n") {
				require.Empty(t, linetest.Hostile(l), "%s: %s", path, l)
			}
			seen += strings.Count(body, "zQz")
		}
	}
	assert.Greater(t, fields, 80)
	assert.Greater(t, seen, 500*len(texts), "the texts do stand in the files, escaped")
	t.Logf("%d texts in %d fields, shown %d times, 0 unescaped", len(texts), fields, seen)
}

// fill sets the strings beneath a value, and returns how many it set.
func fill(v reflect.Value, text string, all bool) (n int) {
	switch v.Kind() {
	case reflect.String:
		if all || v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
			return 1
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += fill(v.Index(i), text, all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && (all || f.Name != "ID" && f.Name != "Components" && f.Name != "Date" || f.Type == reflect.TypeFor[[]comms.Component]()) {
				n += fill(v.Field(i), text, all)
			}
		}
	}
	return n
}

// TestPublicBrand: what a brand may bring.
func TestPublicBrand(t *testing.T) {
	tests := map[string]struct {
		brand       comms.Brand
		page, style string // what stands in the page and in the stylesheet
		not         string // what stands in neither
	}{
		"colour":           {comms.Brand{Colour: "#00aa55"}, "", ":root{--brand:#00aa55}", ""},
		"no colour":        {comms.Brand{Colour: "#0a5;}body{display:none"}, "", "", "body{display"},
		"a logo here":      {comms.Brand{Logo: "logo.svg"}, `src="logo.svg"`, "", ""},
		"a logo elsewhere": {comms.Brand{Logo: "https://cdn.example/l.svg"}, "img-src &#39;self&#39; https://cdn.example;", "", ""},
		"no logo":          {comms.Brand{Logo: "//cdn.example/l.svg"}, "", "", "<img"},
		"help":             {comms.Brand{Support: "https://help.example"}, `href="https://help.example"`, "", ""},
		"no help":          {comms.Brand{Support: "http://help.example"}, "", "", "Get help"},
		"no name":          {comms.Brand{}, `<title>Everything works. Status</title>`, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			page := comms.Page{AsOf: shown, Brand: tt.brand, Groups: []comms.Group{{Components: []comms.Component{part("Cart", comms.Operational, "")}}}}
			all := files(t, &page, shown, "")
			assert.Contains(t, all[""], tt.page)
			assert.Contains(t, all["public.css"], tt.style)
			if tt.not != "" {
				assert.NotContains(t, all[""]+all["public.css"], tt.not)
			}
		})
	}
}

// TestPublicBudget bounds what a browser loads, and computes the contrast of text from the colours in the stylesheet.
func TestPublicBudget(t *testing.T) {
	all := files(t, larkfield(), shown, "")
	assert.LessOrEqual(t, len(all["public.css"]), 8<<10)
	assert.LessOrEqual(t, len(all["age.js"]), 2<<10)
	assert.LessOrEqual(t, len(all[""])+len(all["public.css"])+len(all["age.js"]), 30<<10)
	light, dark, _ := strings.Cut(all["public.css"], "prefers-color-scheme:dark")
	light, _, _ = strings.Cut(light, "}")
	dark, _, _ = strings.Cut(dark, "}}")
	modes := map[string]map[string]string{"light": tokens(light), "dark": tokens(light)}
	for name, value := range tokens(dark) {
		modes["dark"][name] = value
	}
	for mode, colours := range modes {
		for _, name := range []string{"text", "muted", "p1", "p2", "p3", "unk"} {
			assert.GreaterOrEqual(t, contrast(t, colours[name], colours["ground"]), 4.5, "%s: %s", mode, name)
		}
	}
	t.Logf("page %d, stylesheet %d, script %d bytes", len(all[""]), len(all["public.css"]), len(all["age.js"]))
}

// TestPublicExport: the files are those that are served, each is whole at every instant, and pages that are gone are removed.
func TestPublicExport(t *testing.T) {
	folder := t.TempDir()
	page := larkfield()
	require.NoError(t, status.ExportPublic(page, shown, folder))
	for path, body := range files(t, page, shown, "") {
		if path == "" || strings.HasSuffix(path, "/") {
			path += "index.html"
		}
		written, err := os.ReadFile(filepath.Join(folder, path))
		require.NoError(t, err)
		assert.Equal(t, body, string(written), path)
	}
	theirs := filepath.Join(folder, "incidents", "theirs", "note.txt")
	require.NoError(t, os.MkdirAll(filepath.Dir(theirs), 0o755))
	require.NoError(t, os.WriteFile(theirs, nil, 0o600))

	stop, reads := make(chan struct{}), make(chan int)
	go func() { // a reader finds a whole file, at every instant
		n := 0
		for {
			text, err := os.ReadFile(filepath.Join(folder, "index.html"))
			if err != nil || !bytes.HasSuffix(text, []byte("</html>\n")) {
				n = -1_000_000
			}
			n++
			select {
			case <-stop:
				reads <- n
				return
			default:
			}
		}
	}()
	for i := range 10 {
		page.AsOf = shown.Add(time.Duration(i) * time.Minute)
		require.NoError(t, status.ExportPublic(page, page.AsOf, folder))
	}
	close(stop)
	assert.Positive(t, <-reads)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "incidents", "p1", "index.html.part"), nil, 0o600)) // somebody was killed there
	page.Posts = page.Posts[1:]
	require.NoError(t, status.ExportPublic(page, shown, folder))
	assert.NoDirExists(t, filepath.Join(folder, "incidents", "p1"))
	assert.FileExists(t, filepath.Join(folder, "incidents", "p2", "index.html"))
	assert.FileExists(t, theirs, "what it did not write stays")
	parts, err := filepath.Glob(filepath.Join(folder, "*.part"))
	require.NoError(t, err)
	assert.Empty(t, parts)
}
