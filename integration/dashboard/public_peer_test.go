package dashboard_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reader asks a client of the public API of Statuspage, which is not ours, for all that it can ask for.
const reader = `
const {Statuspage} = require("statuspage.io");
const page = new Statuspage("ours");
page.setApiUrl(process.argv[1]);
(async () => console.log(JSON.stringify({
  Summary: await page.api.getSummary(), Status: await page.api.getStatus(), Components: await page.api.getComponents(),
  Incidents: await page.api.incidents.getAll(), Unresolved: await page.api.incidents.getUnresolved(),
  ScheduledMaintenances: await page.api.scheduledMaintenances.getUpcoming(),
})))().catch((e) => { console.error(e.message); process.exit(1); });
`

// TestPublicPeer lets a client that is not ours, the package statuspage.io of npm, read the API, and holds each answer to the types that it
// declares: every name is there, with a value of its type and of its set.
func TestPublicPeer(t *testing.T) {
	home := os.Getenv("TOCSIN_STATUSPAGE")
	if home == "" {
		t.Skip("SKIPPED, not tested: there is no client of Statuspage: TOCSIN_STATUSPAGE is not set")
	}
	c := newCompany(t)
	url := c.customers(t.TempDir())
	run := exec.CommandContext(t.Context(), "node", "-e", reader, url)
	run.Dir = home
	var failed bytes.Buffer
	run.Stderr = &failed
	out, err := run.Output()
	require.NoError(t, err, failed.String())
	var answers map[string]map[string]any
	require.NoError(t, json.Unmarshal(out, &answers))

	types := declared(t, filepath.Join(home, "node_modules", "statuspage.io", "dist", "interfaces", "Result.d.ts"))
	checked := 0
	for name, answer := range answers {
		checked += types.holds(t, name, "Page", answer)
		for field, of := range map[string]string{"components": "Component", "incidents": "Incident", "scheduled_maintenances": "ScheduledMaintenance"} {
			list, _ := answer[field].([]any)
			for _, one := range list {
				checked += types.holds(t, name, of, one.(map[string]any))
				updates, _ := one.(map[string]any)["incident_updates"].([]any)
				for _, u := range updates {
					checked += types.holds(t, name, strings.Replace(of, "Scheduled", "", 1)+"Update", u.(map[string]any))
				}
			}
		}
	}
	assert.Len(t, answers["Unresolved"]["incidents"], 2)
	assert.Len(t, answers["Incidents"]["incidents"], 5)
	assert.Contains(t, string(out), "Our card provider’s main connection in Europe does not answer.")
	assert.Greater(t, checked, 200)
	t.Logf("%d answers, %d fields, each as the client declares it", len(answers), checked)
}

// declarations are the types of a client: of each interface the fields, and of each enumeration the words.
type declarations map[string]map[string]string

// declared reads the declarations of a file of TypeScript, as far as the client uses the language.
func declared(t *testing.T, path string) declarations {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	all, at := declarations{}, []string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		text := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export "))
		words := strings.Fields(strings.TrimPrefix(text, "declare "))
		switch {
		case strings.HasSuffix(text, "{") && len(at) == 0:
			at = append(at, words[1])
			all[words[1]] = map[string]string{}
		case strings.HasSuffix(text, "{"):
			at = append(at, "") // an object in an object
		case strings.HasPrefix(text, "}") && len(at) > 0:
			at = at[:len(at)-1]
		case len(at) == 1:
			name, value, ok := strings.Cut(strings.TrimRight(text, ";,"), ": ")
			if !ok {
				name, value, _ = strings.Cut(strings.TrimRight(text, ";,"), " = ")
			}
			all[at[0]][name] = value
		}
	}
	require.NotEmpty(t, all["Incident"])
	for _, name := range []string{"Maintenance", "MaintenanceUpdate"} { // the updates of planned work have its states
		all[name] = map[string]string{"body": "string", "created_at": "string", "display_at": "string", "id": "string", "incident_id": "string", "status": "MaintenanceStatus", "updated_at": "string"}
	}
	return all
}

// holds holds an object to an interface, and returns how many fields it looked at.
func (d declarations) holds(t *testing.T, where, name string, o map[string]any) (n int) {
	for field, kind := range d[name] {
		v, ok := o[field]
		if name == "Page" {
			break // its one field is an object, in which the interfaces of all answers agree
		}
		require.True(t, ok, "%s: %s has no %s", where, name, field)
		n++
		kinds := strings.Split(kind, " | ")
		switch v := v.(type) {
		case nil:
			assert.Contains(t, kinds, "null", "%s: %s.%s", where, name, field)
		case string:
			if words := d[kinds[0]]; words != nil {
				values := []string{}
				for _, w := range words {
					values = append(values, strings.Trim(w, `"`))
				}
				assert.True(t, slices.Contains(values, v), "%s: %s.%s is %q, expected one of %v", where, name, field, v, values)
				continue
			}
			assert.Contains(t, kinds, "string", "%s: %s.%s", where, name, field)
		case bool:
			assert.Contains(t, kinds, "boolean", "%s: %s.%s", where, name, field)
		case float64:
			assert.Contains(t, kinds, "number", "%s: %s.%s", where, name, field)
		}
	}
	return n
}

// TestPublicFeedPeer lets a reader of feeds that is not ours read the feed.
func TestPublicFeedPeer(t *testing.T) {
	c := newCompany(t)
	answer, err := http.Get(c.customers(t.TempDir()) + "/feed.atom")
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, gofeed.FeedTypeAtom, gofeed.DetectFeedType(bytes.NewReader(text)))
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, "Larkfield", feed.Title)
	require.NotNil(t, feed.UpdatedParsed)
	require.GreaterOrEqual(t, len(feed.Items), 4)
	seen := map[string]bool{}
	for _, i := range feed.Items {
		assert.NotNil(t, i.UpdatedParsed)
		assert.NotNil(t, i.PublishedParsed)
		assert.NotEmpty(t, i.Title)
		assert.NotEmpty(t, i.Content)
		assert.Contains(t, i.Link, "https://status.larkfield.example/")
		assert.False(t, seen[i.GUID], i.GUID)
		seen[i.GUID] = true
	}
	assert.Contains(t, feed.Items[0].Title, "Identified: ")
	assert.Contains(t, feed.Items[0].Content, "Our card provider’s main connection in Europe does not answer.")
}
