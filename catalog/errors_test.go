package catalog

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
)

var update = flag.Bool("update", false, "write the golden files")

// story is a file of sections, each after a line -- name --: the files of a catalog, and the errors that Load gives.
type story struct {
	files fstest.MapFS
	text  string // of the files, with their lines
	want  string
}

const wanted = "-- errors --\n"

func readStory(t *testing.T, file string) story {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	text, want, _ := strings.Cut(string(data), wanted)
	s := story{files: fstest.MapFS{}, text: text, want: strings.TrimSuffix(want, "\n")}
	for section := range strings.SplitSeq(strings.TrimPrefix(text, "-- "), "\n-- ") {
		name, body, ok := strings.Cut(section, " --\n")
		require.True(t, ok, "%s: section %q", file, section)
		s.files[name] = &fstest.MapFile{Data: []byte(body + "\n")}
	}
	return s
}

func TestErrors(t *testing.T) {
	stories, err := filepath.Glob("testdata/errors/*.txt")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(stories), 40, "broken catalogs")
	for _, file := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := readStory(t, file)
			c, err := Load(s.files)
			require.Error(t, err)
			assert.Nil(t, c)
			for _, e := range fault.Of(err) {
				var at *FileError
				require.ErrorAs(t, e, &at)
				require.Contains(t, s.files, at.File)
				lines := strings.Split(string(s.files[at.File].Data), "\n")
				require.LessOrEqual(t, at.Line, len(lines), e)
				assert.True(t, at.Line > 0 && at.Column > 0 && at.Column <= len(lines[at.Line-1])+1, "no such place: %v", e)
			}
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(s.text+wanted+err.Error()+"\n"), 0o644))
				return
			}
			assert.Equal(t, s.want, err.Error())
		})
	}
}

func TestRuleErrorsKeepTheirCause(t *testing.T) {
	_, err := Load(readStory(t, "testdata/errors/rule-plain.txt").files)
	var at *FileError
	var rule *route.CompileError
	require.True(t, errors.As(err, &at) && errors.As(err, &rule))
	assert.Equal(t, []any{18, 28, "fraud", 1, 6}, []any{at.Line, at.Column, rule.Rule, rule.Line, rule.Col})
}

func TestHostileFiles(t *testing.T) {
	for name, text := range map[string]string{
		"deep lists":    "people: " + strings.Repeat("[", 20000),
		"deep mappings": strings.Repeat("{a: ", 20000),
		"deep blocks":   "a:\n" + strings.Repeat("- ", 12000),
		"no UTF-8":      "version: \xff",
		"control":       "version: \x01",
		"many aliases":  "version: 1\npeople: &a {}\nteams: {" + strings.Repeat("a: *a, ", 1000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(files("catalog.yaml", text))
			var at *FileError
			assert.ErrorAs(t, err, &at)
		})
	}
}

func TestSuggestions(t *testing.T) {
	words := []string{"owner", "group_wait", "critical", "ana", "P1"}
	for found, want := range map[string]string{
		"ownr": "owner", "onwer": "owner", "owners": "owner", "GroupWait": "group_wait", "group-wait": "group_wait",
		"critcal": "critical", "crtcal": "critical", "anna": "ana", "p1": "P1",
		"x": "", "an": "", "bob": "", "own": "", "critical": "", "": "", "P2": "",
	} {
		assert.Equal(t, want, nearest(found, words), found)
	}
}

func TestFiveErrorsAreFive(t *testing.T) {
	_, err := Load(readStory(t, "testdata/errors/five-in-one-file.txt").files)
	assert.Len(t, fault.Of(err), 5)
	var at *FileError
	require.True(t, errors.As(err, &at))
	assert.Equal(t, "catalog.yaml", at.File)
}
