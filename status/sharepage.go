package status

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/internal/line"
)

var (
	//go:embed share.html
	shareHTML string

	shareTemplate = template.Must(template.New("share").Parse(shareHTML))
)

// sharePage is what a share link shows. It has no names of people, nothing that a sender wrote, no id, no reference and no form.
type sharePage struct {
	Heading, Says, Class, Shape string
	Services                    []sharedService
	AsOf, Until                 string
}

// sharedService is a service of the capability, or one that such a service needs and in which something is open.
type sharedService struct{ Class, Shape, Name, For, Word string }

// shares reports whether the address is that of a share link, wherever the handler is mounted.
func shares(r *http.Request) bool { return path.Base(path.Dir(r.URL.Path)) == "share" }

// serveShare answers a share link. Nothing but looking is possible.
func (l *linkPages) serveShare(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		l.write(w, &linkPage{Status: http.StatusMethodNotAllowed, Heading: "Not done", Lines: []string{"This link only shows something."}})
		return
	}
	share, err := l.engine.Shared(r.Context(), linkToken(r))
	if err != nil {
		l.write(w, shareInvalid(err))
		return
	}
	s := (&request{}).snapshot(l.boards.board(share.Tenant).fresh(r.Context()), time.Now().In(l.zone))
	for _, c := range rollUp(l.engine.Catalog().Source(), &s) {
		if c.Name == share.Capability {
			w.Header().Set("Refresh", "30") // as the page says; nothing on it can lose the focus
			l.send(w, http.StatusOK, shareTemplate, sharedOf(&c, &s, share.Until))
			return
		}
	}
	l.write(w, shareInvalid(&tocsin.LinkError{Fault: tocsin.LinkEnded})) // the catalog was changed meanwhile
}

// shareInvalid says why a share link shows nothing.
func shareInvalid(err error) *linkPage {
	const another = "Ask whoever gave it to you for another."
	var bad *tocsin.LinkError
	if !errors.As(err, &bad) {
		return &linkPage{Status: http.StatusServiceUnavailable, Heading: "This does not work now", Lines: []string{"Try again in a moment."}}
	}
	switch bad.Fault {
	case tocsin.LinkTruncated:
		return &linkPage{Status: http.StatusNotFound, Heading: "This link is not complete", Lines: []string{"Copy all of it."}}
	case tocsin.LinkExpired:
		return &linkPage{Status: http.StatusGone, Heading: "This link has expired", Lines: []string{another}}
	case tocsin.LinkEnded:
		return &linkPage{Status: http.StatusGone, Heading: "This is over", Lines: []string{"What the link showed is not shown any more."}}
	}
	return &linkPage{Status: http.StatusNotFound, Heading: "This link is not valid here", Lines: []string{another}}
}

func sharedOf(c *capability, s *Snapshot, until time.Time) *sharePage {
	p := &sharePage{Heading: line.Of(c.Title), Says: c.says(s), AsOf: s.AsOf.In(s.Now.Location()).Format("15:04:05 MST")}
	p.Until = until.In(s.Now.Location()).Format("Mon 2 Jan 15:04 MST")
	p.Class, p.Shape, _ = c.look()
	for k := range c.Parts {
		part := &c.Parts[k]
		if part.For != "" && part.Worst == nil {
			continue
		}
		state := stateQuiet
		if part.Worst != nil {
			state = part.Worst.State
		}
		if s.Fault != "" {
			state = stateUnknown
		}
		of := sharedService{Name: line.Of(part.Service), For: line.Of(part.For)}
		of.Class, of.Shape, of.Word = look(state, part.Worst)
		p.Services = append(p.Services, of)
	}
	return p
}
