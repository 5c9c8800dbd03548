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

// Story plays the story in the file and holds every transcript in it against what happens. The catalog is that of base, a
// directory as [catalog.Load] reads it, with the files that the story has of its own. What has no form in YAML, schedules and
// strategies in Go, is what code adds to each catalog before it is taken to work. A file that is no story fails the test at once,
// with the line and what was expected there.
//
// The form of stories, with all commands, is in the documentation of the package.
//
// With -update the transcripts are written instead. The test package declares this flag:
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
		if err := os.WriteFile(file, []byte(s.told()), 0o666); err != nil {
			t.Fatalf("tocsintest: %v", err)
		}
		return
	}
	if d := s.diff(file); d != "" {
		t.Errorf("what happens is not what the story tells (-update writes it):\n%s", d)
	}
}

// updating reports whether the golden files are to be written.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// story is a file in parts, in their order.
type story struct {
	parts []part
	// catalogs are the files of each catalog by their names; that of "" is the one with which the story begins.
	catalogs map[string]fstest.MapFS
}

// part is a line of the file, or a command with its transcript.
type part struct {
	line      int
	text      string // as it stands there
	command   string // what follows the prompt; empty: the line is none
	want, got []string
}

// What lines begin with.
const (
	prompt  = "> "
	comment = "# "
	marker  = "-- "
)

// parseStory reads a story. Its errors begin with the line.
func parseStory(text string) (*story, error) {
	s := &story{catalogs: map[string]fstest.MapFS{"": {}}}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if first := lines[0]; first == "" || strings.HasPrefix(first, prompt) || strings.HasPrefix(first, comment) || strings.HasPrefix(first, marker) {
		return nil, fmt.Errorf("1: found %q, expected a title: the rule that the story shows, in one sentence", first)
	}
	var file *fstest.MapFile // section under way
	var command *part        // whose transcript is under way
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
				return nil, fmt.Errorf("%d: found a section behind a command, expected all sections before the first", n)
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

// section begins the file that the marker names: "-- FILE --", or "-- CATALOG: FILE --" for the command reload.
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
		return nil, fmt.Errorf("found %s a second time", file)
	}
	s.catalogs[of][file] = &fstest.MapFile{}
	return s.catalogs[of][file], nil
}

// play carries out every command. Its errors begin with the line.
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
			return fmt.Errorf("1: found the catalog %q, which no command reloads", name)
		}
	}
	return nil
}

// told is the file with the transcripts of what happened.
func (s *story) told() string {
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

// load reads the catalog of the name: the files of base, in whose places come those that the story began with, and in the
// places of these come the ones of the name.
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
