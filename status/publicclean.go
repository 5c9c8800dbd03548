package status

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// cleanPage returns a copy of a page whose texts hold nothing but visible characters, and whose words are those that the page knows.
func cleanPage(of *comms.Page) comms.Page {
	p := comms.Page{AsOf: of.AsOf.UTC(), Brand: comms.Brand{
		Name: line.Of(of.Brand.Name), Support: address(of.Brand.Support), Logo: picture(of.Brand.Logo), Colour: colour(of.Brand.Colour),
	}}
	for _, g := range of.Groups {
		group := comms.Group{Name: line.Of(g.Name)}
		for _, c := range g.Components {
			c.ID, c.Name, c.Says, c.State = line.Of(c.ID), line.Of(c.Name), line.Of(c.Says), condition(c.State)
			c.Days = slices.Clone(c.Days[max(0, len(c.Days)-historyDays):])
			for i := range c.Days {
				c.Days[i].Date, c.Days[i].Worst = line.Of(c.Days[i].Date), condition(c.Days[i].Worst)
			}
			group.Components = append(group.Components, c)
		}
		p.Groups = append(p.Groups, group)
	}
	for _, post := range of.Posts {
		post.ID, post.Service, post.Title, post.Impact = line.Of(post.ID), line.Of(post.Service), line.Of(post.Title), line.Of(post.Impact)
		post.Components, post.Entries, post.Stage = cleanLines(post.Components), cleanEntries(post.Entries), comms.Stage(line.Of(string(post.Stage)))
		p.Posts = append(p.Posts, post)
	}
	for _, w := range of.Work {
		w.ID, w.Title, w.Text, w.State = line.Of(w.ID), line.Of(w.Title), line.Lines(w.Text), comms.WorkState(line.Of(string(w.State)))
		w.Components, w.Entries = cleanLines(w.Components), slices.Clone(w.Entries)
		for i := range w.Entries {
			n := &w.Entries[i]
			n.Text, n.State = line.Lines(n.Text), comms.WorkState(line.Of(string(n.State)))
		}
		p.Work = append(p.Work, w)
	}
	return p
}

func cleanEntries(of []comms.Entry) []comms.Entry {
	all := slices.Clone(of)
	for i := range all {
		e := &all[i]
		e.Text, e.Stage = line.Lines(e.Text), comms.Stage(line.Of(string(e.Stage)))
		e.Kind, e.State = comms.Kind(line.Of(string(e.Kind))), comms.State(line.Of(string(e.State)))
	}
	return all
}

func cleanLines(of []string) []string {
	all := slices.Clone(of)
	for i := range all {
		all[i] = line.Of(all[i])
	}
	return all
}

// condition returns a condition that the page knows; empty: how a component works is not known.
func condition(c comms.Condition) comms.Condition {
	if slices.Contains(comms.Conditions(), c) {
		return c
	}
	return ""
}

// address returns an address of https, or nothing.
func address(text string) string {
	if u, err := url.Parse(text); err == nil && u.Scheme == "https" && u.Host != "" && text == line.Of(text) {
		return u.String()
	}
	return ""
}

// picture returns where a picture is: a path, or an address of https.
func picture(text string) string {
	if u, err := url.Parse(text); err == nil && u.Scheme == "" && u.Host == "" && u.Path != "" && text == line.Of(text) {
		return u.String()
	}
	return address(text)
}

// colour returns a colour such as #0a5 or #00aa55, or nothing.
func colour(text string) string {
	digits, ok := strings.CutPrefix(text, "#")
	if !ok || len(digits) != 3 && len(digits) != 6 {
		return ""
	}
	if _, err := hex.DecodeString((digits + digits)[:6]); err != nil {
		return ""
	}
	return text
}
