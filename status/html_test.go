package status_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

var rowOf = regexp.MustCompile(`<li class="row [^"]*" id="i-`)

var reference = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// links returns the paths on this site that a page refers to.
func links(page, text string) (all []string) {
	from, _ := url.Parse("http://site" + page)
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		to, err := from.Parse(html.UnescapeString(m[1]))
		if err != nil || to.Host != "site" || strings.HasPrefix(m[1], "#") {
			continue
		}
		to.Fragment = ""
		all = append(all, to.RequestURI())
	}
	return all
}
