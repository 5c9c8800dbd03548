package catalog

import (
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// syntax reports what is no YAML. Nobody complains then of names that are missing.
func (d *decoder) syntax(err error) {
	d.whole.broken = true
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "line ") {
		text = rest
	}
	i := faultLine(d.lines)
	d.add(position{d.file, i + 1, indentOf(d.lines[i]) + 1}, d.whole, "%s, expected YAML", text)
}

// faultLine finds the first line from which on every beginning of a broken file is broken, by its index: the parser itself
// tells where that began in which the fault is. It goes by the lines that begin a section, then by those that begin an
// entry of it, and only then line by line, since the beginnings of what spans lines are broken without a fault.
func faultLine(lines []string) int {
	fine, broken := 0, len(lines) // how many lines
	for range 2 {
		fine, broken = narrow(lines, fine, broken)
	}
	for broken > fine+1 && !parses(lines[:broken-1]) {
		broken--
	}
	return broken - 1
}

// narrow looks between two beginnings of a file for those that end before a line of the least indent.
func narrow(lines []string, fine, broken int) (int, int) {
	least := -1
	for i := fine + 1; i < broken; i++ { // the first one begins what is looked at
		if n := indentOf(lines[i]); begins(lines[i]) && (least < 0 || n < least) {
			least = n
		}
	}
	var ends []int
	for i := fine + 1; i < broken; i++ {
		if begins(lines[i]) && indentOf(lines[i]) == least {
			ends = append(ends, i)
		}
	}
	for len(ends) > 0 {
		middle := len(ends) / 2
		if end := ends[middle]; parses(lines[:end]) {
			fine, ends = end, ends[middle+1:]
		} else {
			broken, ends = end, ends[:middle]
		}
	}
	return fine, broken
}

func parses(lines []string) bool {
	in := yaml.NewDecoder(strings.NewReader(strings.Join(lines, "\n")))
	for {
		switch err := in.Decode(new(yaml.Node)); {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			return false
		}
	}
}

// begins reports whether something begins in the line.
func begins(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && line[0] != '#'
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
