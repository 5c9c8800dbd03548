package status

import (
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

// PublicVerdict returns what a public page says of how things stand at an instant.
func PublicVerdict(p *comms.Page, now time.Time) string { return publicVerdictOf(p, now).String() }

// PublicFiles returns the files of a public page by their paths.
func PublicFiles(p *comms.Page, now time.Time, url string) (map[string]string, error) {
	s, err := newSite(p, now, url)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for path, f := range s.files {
		all[path] = string(f.body)
	}
	return all, nil
}

// ExportPublic writes the files of a public page into a folder.
func ExportPublic(p *comms.Page, now time.Time, folder string) error {
	s, err := newSite(p, now, "")
	if err != nil {
		return err
	}
	return s.export(folder)
}
