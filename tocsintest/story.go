package tocsintest

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tocsin-dev/tocsin/catalog"
)

// Story runs the commands of the story in the file and compares each transcript with the effects of its command. The catalog is
// that of base, a directory as [catalog.Load] reads it, plus the files in the sections of the story. The functions in code are
// called with each catalog that the story loads, to add schedules and strategies in Go. A malformed story fails the test at once,
// with the line and the expected form.
//
// The documentation of the package describes the form of stories and all commands.
//
// With the flag -update, Story writes the transcripts to the file instead. The test package declares the flag:
//
//	var _ = flag.Bool("update", false, "write the golden files")
func Story(t testing.TB, base fs.FS, file string, code ...func(*catalog.Catalog)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("tocsintest: %v", err)
	}
	s, err := parseStory(string(text))
	if err == nil {
		err = s.play(base, code)
	}
	if err != nil {
		t.Fatalf("tocsintest: %s:%v", file, err)
	}
	if updating() {
		if err := os.WriteFile(file, []byte(s.updated()), 0o666); err != nil {
			t.Fatalf("tocsintest: %v", err)
		}
		return
	}
	if d := s.diff(file); d != "" {
		t.Errorf("the transcripts differ (-update writes them):\n%s", d)
	}
}

// updating reports whether the flag -update is set.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// story is a parsed file.
type story struct {
	parts []part
	// catalogs has the files of each catalog, by its name. The story begins with the catalog "".
	catalogs map[string]fstest.MapFS
}

// part is a line of the file, or a command with its transcript.
type part struct {
	line      int
	text      string // the whole line
	command   string // the text after the prompt; empty: the line is no command
	want, got []string
}

// Prefixes of lines.
const (
	prompt  = "> "
	comment = "# "
	marker  = "-- "
)

// parseStory reads a story. Its errors begin with the line number.
func parseStory(text string) (*story, error) {
	s := &story{catalogs: map[string]fstest.MapFS{"": {}}}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if first := lines[0]; first == "" || strings.HasPrefix(first, prompt) || strings.HasPrefix(first, comment) || strings.HasPrefix(first, marker) {
		return nil, fmt.Errorf("1: found %q, expected a title: the rule that the story shows, in one sentence", first)
	}
	var file *fstest.MapFile // of the current section
	var command *part        // of the current transcript
	commands := 0
	for i, line := range lines {
		n := i + 1
		p := part{line: n, text: line}
		rest, isCommand := strings.CutPrefix(line, prompt)
		switch {
		case i == 0:
		case isCommand:
			p.command, file = rest, nil
			commands++
		case strings.HasPrefix(line, marker):
			if commands > 0 {
				return nil, fmt.Errorf("%d: found a section after a command, expected all sections before the first command", n)
			}
			var err error
			if file, err = s.section(line); err != nil {
				return nil, fmt.Errorf("%d: %w", n, err)
			}
		case file != nil:
			file.Data = append(file.Data, line+"\n"...)
		case line == "" || strings.HasPrefix(line, comment):
			command = nil
		case command != nil:
			command.want = append(command.want, line)
			continue
		default:
			return nil, fmt.Errorf("%d: found %q, expected a command (%q), a comment (%q), a section (%q) or an empty line", n, line, prompt, comment,
				marker+"FILE.yaml --")
		}
		s.parts = append(s.parts, p)
		if isCommand {
			command = &s.parts[len(s.parts)-1]
		}
	}
	if commands == 0 {
		return nil, fmt.Errorf("%d: found the end, expected a command (%q)", len(lines), prompt)
	}
	return s, nil
}

// section adds the file that the marker names to its catalog: "-- FILE --", or "-- CATALOG: FILE --" for the command reload.
func (s *story) section(line string) (*fstest.MapFile, error) {
	name, ok := strings.CutSuffix(strings.TrimPrefix(line, marker), " --")
	of, file, named := strings.Cut(name, ": ")
	if !named {
		of, file = "", name
	}
	if !ok || !fs.ValidPath(file) || !strings.HasSuffix(file, ".yaml") && !strings.HasSuffix(file, ".yml") {
		return nil, fmt.Errorf("found %q, expected -- FILE.yaml --, or -- CATALOG: FILE.yaml -- for the command reload", line)
	}
	if s.catalogs[of] == nil {
		s.catalogs[of] = fstest.MapFS{}
	}
	if s.catalogs[of][file] != nil {
		return nil, fmt.Errorf("found the file %s a second time", file)
	}
	s.catalogs[of][file] = &fstest.MapFile{}
	return s.catalogs[of][file], nil
}

// play carries out every command. Its errors begin with the line number.
func (s *story) play(base fs.FS, code []func(*catalog.Catalog)) error {
	p := &player{story: s, base: base, code: code, reloaded: map[string]bool{"": true}}
	for i := range s.parts {
		at := &s.parts[i]
		if at.command == "" {
			continue
		}
		got, err := p.carryOut(at.command)
		if err != nil {
			return fmt.Errorf("%d: %w", at.line, err)
		}
		for _, line := range got { // a transcript has no empty lines, and no spaces at the ends of lines
			line = strings.TrimRight(strings.ReplaceAll(line, "\n", `\n`), " ")
			at.got = append(at.got, line)
		}
	}
	for name := range s.catalogs {
		if !p.reloaded[name] {
			return fmt.Errorf("1: found the catalog %q, expected a command that reloads it", name)
		}
	}
	return nil
}

// updated returns the text of the file with the new transcripts.
func (s *story) updated() string {
	var b strings.Builder
	for i, p := range s.parts {
		b.WriteString(p.text + "\n")
		for _, line := range p.got {
			b.WriteString(line + "\n")
		}
		if len(p.got) > 0 && i+1 < len(s.parts) && s.parts[i+1].text != "" {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// diff shows the commands whose transcripts differ; empty: none.
func (s *story) diff(file string) string {
	var b strings.Builder
	for _, p := range s.parts {
		if !slices.Equal(p.got, p.want) {
			fmt.Fprintf(&b, "%s:%d: %s\n%s", file, p.line, p.text, diff(p.got, p.want))
		}
	}
	return b.String()
}

// load reads the catalog of the name. Its files are those of base, then those of the catalog "", then its own; later files replace
// earlier ones of the same name.
func (p *player) load(name string) (*catalog.Catalog, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(p.base, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(p.base, file)
		files[file] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, of := range []string{"", name} {
		for file, text := range p.story.catalogs[of] {
			files[file] = text
		}
	}
	c, err := catalog.Load(files)
	if err != nil {
		return nil, fmt.Errorf("the catalog %q cannot be read: %w", name, err)
	}
	for _, add := range p.code {
		add(c)
	}
	return c, nil
}
