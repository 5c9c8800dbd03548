package tocsintest_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/tocsintest"
)

// tell plays a story and returns what it says of it.
func tell(t *testing.T, text string) (said string) {
	file := filepath.Join(t.TempDir(), "story")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return tellFile(t, file)
}

func tellFile(t *testing.T, file string) (said string) {
	probe := &failing{TB: t}
	defer func() {
		if r := recover(); r != nil && r != probe {
			panic(r)
		}
		said = strings.ReplaceAll(probe.text, filepath.Dir(file)+"/", "")
	}()
	tocsintest.Story(probe, os.DirFS("testdata/payments"), file)
	return ""
}

// TestBrokenStories: each fault is told with its line and what was expected there.
func TestBrokenStories(t *testing.T) {
	for name, broken := range map[string]struct{ story, want string }{
		"no title":           {"> pass 5m\n", `1: found "> pass 5m", expected a title: the rule that the story shows, in one sentence`},
		"nothing":            {"", `1: found "", expected a title: the rule that the story shows, in one sentence`},
		"no command":         {"a\n\n# b\n", `3: found the end, expected a command ("> ")`},
		"a prompt forgotten": {"a\n\n> pass 5m\n\npass 5m\n", `5: found "pass 5m", expected a command ("> "), a comment ("# "), a section ("-- FILE.yaml --") or an empty line`},
		"an unknown command": {"a\n\n> passs 5m\n", `3: found the command "passs", expected one of: start, trigger, resolve, acknowledge-signal, change, pass, do, show, reload, fail, mend, action`},
		"no duration":        {"a\n\n> pass\n", `3: found the end of the command, expected a duration such as 5m`},
		"another duration":   {"a\n\n> pass -5m\n", `3: found "-5m", expected a duration such as 5m`},
		"too much":           {"a\n\n> pass 5m 6m\n", `3: found 6m, expected no more`},
		"an unknown field": {"a\n\n> trigger x severty=error\n", `3: found severty, expected one of: id, source, type, subject, signal, fires, severity, time, ` +
			`received, summary, labels.NAME, data.NAME, dedup-key, links, trace-parent, tenant, intake, stale-after, sender.FIELD`},
		"a label without a name": {"a\n\n> trigger x labels.=m\n", `3: found labels., expected one of: id, source, type, subject, signal, fires, severity, time, ` +
			`received, summary, labels.NAME, data.NAME, dedup-key, links, trace-parent, tenant, intake, stale-after, sender.FIELD`},
		"an unknown severity":  {"a\n\n> trigger x severity=bad\n", `3: found severity=bad: severity: "bad" is none of info, warning, error, critical`},
		"a field with no form": {"a\n\n> trigger x links=bad\n", `3: found links=bad, expected another argument: stories cannot set this one`},
		"twice":                {"a\n\n> trigger x subject=a subject=b\n", `3: found the argument subject a second time`},
		"the tenant":           {"a\n\n> trigger x tenant=a\n", `3: found received, signal, type or tenant, expected none of them: the command sets signal and type, and stories have one tenant`},
		"a quote left open":    {"a\n\n> trigger x \"payout waits\n", `3: found "payout waits, expected a text in double quotes, then a space`},
		"an unknown incident":  {"a\n\n> do acknowledge #1 by=ana\n", `3: found the incident #1, expected an open or past incident: 0 have opened so far`},
		"an unknown verb": {"a\n\n> do ack #1\n", `3: found the command "ack", expected one of: acknowledge, unacknowledge, escalate, page, resolve, reprioritise, assess, ` +
			`note, declare, accept, decline, cancel, proceed, mitigate, reopen, close, amend, resend, start-run, approve, answer, stop-run, assume, renounce, offer, accept-role, add-todo, done-todo, assign-todo, ask-decision, decide, set-private, draft-update, approve-update, send-update, correct-update, retract-update, kill-switch, send-test, subscribe, confirm-subscriber, unsubscribe`},
		"a position":           {"a\n\n> trigger x\n> do escalate #1 by=ana as-of=1\n", `4: found as-of=1, expected a round and a level, such as 1.2`},
		"an unknown letter":    {"a\n\n> do resend letter=1 by=ana\n", `3: found letter=1, expected the number of a dead letter: there are 0`},
		"nobody to show":       {"a\n\n> show x\n", `3: found "x", expected an incident, such as #1, or an alert as transcripts name it`},
		"no reason to fail":    {"a\n\n> fail slack\n", `3: found no text in double quotes, expected why the channel fails`},
		"a phase":              {"a\n\n> action x undo\n", `3: found the phase "undo", expected one of: [precheck run verify compensate]`},
		"a late start":         {"a\n\n> pass 5m\n\n> start 2026-03-28T23:00:00Z\n", `5: found start after another command, expected it first`},
		"a late section":       {"a\n\n> pass 5m\n-- a.yaml --\n", `4: found a section after a command, expected all sections before the first command`},
		"a section of no YAML": {"a\n\n-- a.txt --\n> pass 5m\n", `3: found "-- a.txt --", expected -- FILE.yaml --, or -- CATALOG: FILE.yaml -- for the command reload`},
		"a section twice":      {"a\n\n-- a.yaml --\n-- a.yaml --\n> pass 5m\n", `4: found the file a.yaml a second time`},
		"a catalog unused":     {"a\n\n-- b: a.yaml --\n> pass 5m\n", `1: found the catalog "b", expected a command that reloads it`},
		"a catalog unknown":    {"a\n\n> reload b\n", `3: found the catalog "b", expected a section -- b: FILE.yaml -- that defines it`},
		"a broken catalog": {"a\n\n-- plans.yaml --\nplans: {payments: {polcy: standard}}\n> pass 5m\n", `5: the catalog "" cannot be read: plans.yaml:1:9: plan "payments": policy is missing, expected one of standard
plans.yaml:1:20: plan "payments": field "polcy" is unknown, expected one of policy, group_wait, soak, resolve_on, recovered, reopen, group, triage, comms, roles, did you mean "policy"?`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "tocsintest: story:"+broken.want, tell(t, broken.story))
		})
	}
}

// TestAStoryShowsWhatDiffers, and nothing else of itself.
func TestAStoryShowsWhatDiffers(t *testing.T) {
	assert.Equal(t, `the transcripts differ (-update writes them):
story:4: > trigger payments.refund "refund waits"
- alert app/payments.refund/m-42
+ alert app/payments.refund/
+   +0s  opened  critical "refund waits"  by app
  #1
-   +0s  level 1  pages ben
+   +0s  opened  P1 = impact high (checkout, tier 1) × urgency high (critical)  class payments.refund  owner payments  "refund waits"  by app
+   +0s  level 1  pages ana
+   +0s  page  level 1  ana  slack
`, tell(t, `a

> fail sms "gone"
> trigger payments.refund "refund waits"
alert app/payments.refund/m-42
#1
  +0s  level 1  pages ben

> pass 4m
(nothing)
`))
}

// TestUpdateWritesTheTranscripts, keeps all else, and what it wrote holds.
func TestUpdateWritesTheTranscripts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "story")
	require.NoError(t, os.WriteFile(file, []byte(`a

-- more.yaml --
# of the story's own
classes:
  x: {kind: change}

# a comment
> fail sms "gone"
> change x
of old
> pass 4m
`), 0o600))
	before := *update
	require.NoError(t, flag.Set("update", "true"))
	assert.Empty(t, tellFile(t, file))
	*update = false
	assert.Empty(t, tellFile(t, file))
	*update = before
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, `a

-- more.yaml --
# of the story's own
classes:
  x: {kind: change}

# a comment
> fail sms "gone"
> change x
(nothing)

> pass 4m
(nothing)
`, string(text))
}

// TestStoriesKnowEveryCommand holds the commands of stories to those of package respond.
func TestStoriesKnowEveryCommand(t *testing.T) {
	_, known, _ := strings.Cut(tell(t, "a\n\n> do nothing\n"), "expected one of: ")
	files, err := filepath.Glob("../respond/*.go")
	require.NoError(t, err)
	var declared []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Head" {
				declared = append(declared, strings.ToLower(fn.Recv.List[0].Type.(*ast.Ident).Name))
			}
		}
	}
	assert.ElementsMatch(t, declared, strings.Split(strings.ReplaceAll(known, "-", ""), ", "))
}

// TestTheDocumentationTellsAStory holds the story in the documentation to the one that is played.
func TestTheDocumentationTellsAStory(t *testing.T) {
	text, err := os.ReadFile("testdata/stories/3.3.2.txt")
	require.NoError(t, err)
	var comment strings.Builder
	for line := range strings.Lines(string(text)) {
		comment.WriteString(strings.TrimSuffix("//\t"+line, "\t\n"))
		if line == "\n" {
			comment.WriteString("\n")
		}
	}
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	assert.Contains(t, string(doc), comment.String())
}
