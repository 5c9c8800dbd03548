package status

import (
	"cmp"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

// The elements of RFC 4287.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string   `xml:"id"`
		Title     string   `xml:"title"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Link      atomLink `xml:"link"`
		Content   struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	}
)

const feedMost = 100 // entries

// feed returns the feed: an entry for each update, the latest first.
func (s *site) feed() ([]byte, error) {
	name := cmp.Or(s.page.Brand.Name, "Status")
	f := atomFeed{
		ID: urn(name), Title: name, Author: name, Updated: s.page.AsOf.Format(time.DateOnly) + "T00:00:00Z",
		Links: []atomLink{{"self", s.url + "feed.atom"}, {"alternate", cmp.Or(s.url, "./")}},
	}
	for i := range s.page.Posts {
		post := &s.page.Posts[i]
		f.add(name+post.ID, s.url+postPath(post), post.Entries, func(e *comms.Entry) string { return stageWord(e.Stage) + ": " + heading(post) })
	}
	for i := range s.page.Work {
		w := &s.page.Work[i]
		f.add(name+w.ID, s.url, notes(w), func(*comms.Entry) string { return "Planned work: " + w.Title })
	}
	slices.SortStableFunc(f.Entries, func(a, b atomEntry) int { return cmp.Compare(b.Updated, a.Updated) })
	f.Entries = f.Entries[:min(feedMost, len(f.Entries))]
	if len(f.Entries) > 0 {
		f.Updated = f.Entries[0].Updated
	}
	body, err := xml.MarshalIndent(f, "", " ")
	return append([]byte(xml.Header), append(body, '\n')...), err
}

// add takes in the updates of an incident or of planned work.
func (f *atomFeed) add(id, link string, of []comms.Entry, title func(*comms.Entry) string) {
	for i := range of {
		e := &of[i]
		at := e.At.UTC().Format(time.RFC3339)
		one := atomEntry{
			ID: urn(id, at, strconv.Itoa(len(of)-i)), Title: title(e), Published: at, Updated: at, Link: atomLink{"alternate", cmp.Or(link, "./")},
		}
		one.Content.Type, one.Content.Text = "text", newsText(e)
		f.Entries = append(f.Entries, one)
	}
}

// urn returns an address that is the same for the same texts, and that nobody else uses.
func urn(texts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", texts))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8 of RFC 9562
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
