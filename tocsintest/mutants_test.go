package tocsintest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMutants breaks one rule after the other in the code and demands that its story turns red, and no other: the first two, all
// of them with TOCSIN_LONG=1. A patch is named after its story. Where the code has moved on it is made anew: write the fault into
// the code, and keep `git diff -U1`.
func TestMutants(t *testing.T) {
	patches, err := filepath.Glob("testdata/mutants/*.patch")
	require.NoError(t, err)
	for _, patch := range patches { // all must fit the code, also those that are not tried now
		patched(t, patch)
	}
	tried := patches
	if os.Getenv("TOCSIN_LONG") != "1" {
		tried = patches[:2]
	}
	t.Logf("%d of %d mutants", len(tried), len(patches))
	red := regexp.MustCompile(`--- FAIL: TestStories/(\S+)`)
	for _, patch := range tried {
		story := strings.TrimSuffix(filepath.Base(patch), ".patch")
		t.Run(story, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", patched(t, patch), "-run", "^TestStories$", ".").CombinedOutput()
			require.Error(t, err, "survived")
			var stories []string
			for _, m := range red.FindAllSubmatch(out, -1) {
				stories = append(stories, string(m[1]))
			}
			assert.Equal(t, []string{story}, stories, "%s", out)
		})
	}
}

// patched applies a patch to copies of the files that it names, and returns what puts them in the place of these for the go
// command.
func patched(t *testing.T, patch string) (overlay string) {
	t.Helper()
	dir, replace := t.TempDir(), make(map[string]string)
	text, err := os.ReadFile(patch)
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^--- a/(.+)$`).FindAllSubmatch(text, -1) {
		original, err := filepath.Abs(filepath.Join("..", string(m[1])))
		require.NoError(t, err)
		source, err := os.ReadFile(original)
		require.NoError(t, err)
		changed := filepath.Join(dir, string(m[1]))
		require.NoError(t, os.MkdirAll(filepath.Dir(changed), 0o700))
		require.NoError(t, os.WriteFile(changed, source, 0o600))
		replace[original] = changed
	}
	file, err := filepath.Abs(patch)
	require.NoError(t, err)
	apply := exec.CommandContext(t.Context(), "git", "apply", file)
	apply.Dir = dir
	apply.Env = append(os.Environ(), "GIT_DIR="+filepath.Join(dir, "none")) // not as within a repository
	out, err := apply.CombinedOutput()
	require.NoError(t, err, "%s", out)
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	require.NoError(t, err)
	overlay = filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}
