package sim_test

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

// heardMutants has a history in which a rule is missed, and what TestEveryAlertIsHeard says of it then. Each is a patch in
// testdata/mutants.
var heardMutants = []struct{ name, history, says string }{
	{"join_is_not_told", "am/10", "is not heard"},
	{"recovered_is_not_withdrawn", "am/15", "word of the end leaves though the incident is active"},
	{"late_trigger_is_lost", "am-gi30/18", "is not heard"},
	{"news_of_quiet_is_a_repeat", "am-gi30/8", "is not heard"},
	{"lost_end_is_not_seen", "am/11", "is not heard"},
	{"gap_is_not_told", "proc/3", "is not heard"},
	{"owner_is_not_in_the_group", "cw/35", "is not heard"},
	{"pages_stay_when_it_is_taken", "am/2", "a page leaves though somebody has the incident"},
	{"relapse_pages_nobody", "am/1", "is not heard"},
	{"an_earlier_end_ends", "cw/11", "is over, while app/c"},
	{"pages_share_a_lane", "cw/8", "the first try of a P1's page comes late"},
	{"again_is_not_told", "am/15", "of which nobody has been told for"},
	{"flapping_hides_an_outage", "flap/14", "is not heard"},
}

// TestHeardMutants takes one rule after the other out of the code and demands that its history turns red: the first two, all of them
// with TOCSIN_LONG=1. Where the code has moved on, a patch is made anew: write the fault into the code, and keep `git diff -U1`.
func TestHeardMutants(t *testing.T) {
	for _, m := range heardMutants { // all must fit the code, also those that are not tried now
		mutated(t, filepath.Join("testdata", "mutants", m.name+".patch"))
	}
	tried := heardMutants
	if !long() {
		tried = tried[:2]
	}
	t.Logf("%d of %d mutants", len(tried), len(heardMutants))
	for _, m := range tried {
		t.Run(m.name, func(t *testing.T) {
			overlay := mutated(t, filepath.Join("testdata", "mutants", m.name+".patch"))
			test := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", overlay, "-run", "^TestEveryAlertIsHeard$", ".")
			test.Env = append(os.Environ(), "TOCSIN_HEARD="+m.history)
			out, err := test.CombinedOutput()
			require.Error(t, err, "survived")
			_, complaint, _ := strings.Cut(string(out), m.history+":\n") // behind the history itself
			assert.Contains(t, complaint, m.says, "%s", out)
			first, _, _ := strings.Cut(strings.TrimSpace(complaint), "\n")
			t.Log(m.history, first)
		})
	}
}

// mutated applies a patch to copies of the files that it names, and returns what puts them in the place of these for the go command.
func mutated(t *testing.T, patch string) (overlay string) {
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
