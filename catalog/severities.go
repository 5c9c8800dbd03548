package catalog

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/severity"
)

func severitiesForm() field[document] {
	return key("severities", "What the words of senders for a severity mean, by the name of the intake.",
		func(d *document) *map[string]map[string]severity.Level { return &d.Severities },
		named[string]("intake", named[string]("word", levelForm())))
}

func checkSeverities(c *checker) {
	c.out.severities = make(map[string]severity.Level)
	for at, words := range entries("severities", "intake", c.Severities) {
		intake := at.path[1].(string)
		for _, word := range sorted(words) {
			level, at := words[word], at.in(word)
			key := wordKey(intake, word)
			if level == 0 || !level.Valid() {
				c.add(at, "word %q: severity %v, expected info, warning, error or critical", word, level)
			}
			if _, twice := c.out.severities[key]; twice {
				c.add(at, "word %q is there twice, expected it once: words differ in more than capitals", word)
			}
			c.out.severities[key] = level
		}
	}
}

func documentSeverities(d *markdown) {
	var rows [][]string
	for _, intake := range sorted(d.source.Severities) {
		words := d.source.Severities[intake]
		for _, word := range sorted(words) {
			rows = append(rows, []string{plain(intake), plain(word), words[word].String()})
		}
	}
	d.table("Words of senders for a severity", []string{"intake", "word", "severity"}, rows)
}

// SeverityOf returns the severity that the catalog gives to a sender's word at an intake, and false if it gives none. It ignores
// case and surrounding space.
func (c *Compiled) SeverityOf(intake, word string) (severity.Level, bool) {
	level, ok := c.severities[wordKey(intake, word)]
	return level, ok
}

func wordKey(intake, word string) string {
	return fmt.Sprintf("%s\x00%s", intake, strings.ToLower(strings.TrimSpace(word)))
}
