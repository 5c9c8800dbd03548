package status_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

const exportTo = "TOCSIN_TEST_EXPORT" // set in the process that is killed: its folder

// TestPublicExportingProcess is the process that TestPublicOutlivesUs kills. It tells customers of an incident, says so, and goes on.
func TestPublicExportingProcess(t *testing.T) {
	folder := os.Getenv(exportTo)
	if folder == "" {
		return
	}
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: telling(), Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
	require.NoError(t, err)
	page, err := status.NewPublic(bell, &status.PublicConfig{Export: folder, Logger: quietl})
	require.NoError(t, err)
	go func() { _ = bell.Run(context.Background()) }()
	go func() { _ = page.Run(context.Background()) }()
	for n := 0; ; n++ { // an incident each second, of each of which customers are told
		require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "shop.down", Subject: fmt.Sprint("region ", n), Summary: "down"}))
		all, err := bell.Incidents(t.Context(), every)
		require.NoError(t, err)
		for _, i := range all {
			_ = bell.Do(t.Context(), respond.SendUpdate{Incident: i.ID, By: "ana"})
		}
		time.Sleep(700 * time.Millisecond)
		if n == 3 {
			fmt.Println("written")
		}
	}
}

// TestPublicOutlivesUs: after our process was killed, another one serves the files as they were written last, each whole and with its age.
func TestPublicOutlivesUs(t *testing.T) {
	folder := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPublicExportingProcess$")
	child.Env = append(os.Environ(), exportTo+"="+folder)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.Equal(t, "written", lines.Text())
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())

	files := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer files.Close()
	get := func(path string) string {
		answer, err := http.Get(files.URL + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, 200, answer.StatusCode, path)
		return string(text)
	}
	page := get("/")
	assert.Contains(t, page, "Card payments fail. We look for the cause.")
	asOf := regexp.MustCompile(`as of <time datetime="([^"]+)"`).FindStringSubmatch(page)
	require.NotNil(t, asOf)
	written, err := time.Parse(time.RFC3339, asOf[1])
	require.NoError(t, err)
	assert.InDelta(t, 0, time.Since(written).Seconds(), 60, "it is of the last minute")
	assert.Contains(t, page, "If that is more than 5 minutes ago, we do not answer, and things may have changed.")
	for _, to := range links("/", page) {
		get(to)
	}
	whole := 0
	require.NoError(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" {
			return err
		}
		text, err := os.ReadFile(path)
		assert.Regexp(t, `(?s)^<!doctype html>.*</html>\n$`, string(text), path)
		whole++
		return err
	}))
	assert.GreaterOrEqual(t, whole, 3)
	t.Logf("killed; %d pages, each whole, as of %s", whole, asOf[1])
}
