package tocsin

import (
	"context"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Page returns what the public page of a tenant shows: how the components stand, and what customers were told. It holds nothing else, so
// that everybody may read it. The error wraps [ErrNotFound] if the catalog has no page and no service with a name for customers.
func (e *Engine) Page(ctx context.Context, tenant string) (comms.Page, error) {
	if err := given(ctx, "page"); err != nil {
		return comms.Page{}, err
	}
	public := e.catalog.Load().Page()
	if public == nil {
		return comms.Page{}, fmt.Errorf("%w: no page, expected the section page, or a service with a name for customers, in the catalog", ErrNotFound)
	}
	page, at := blankPage(public), make(map[string]*comms.Component)
	page.AsOf = e.now(ctx)
	for g, group := range public.Groups {
		for i, c := range group.Components {
			at[c.Service] = &page.Groups[g].Components[i]
		}
	}
	for row, err := range rowsOf[*core.Incident](ctx, e, store.Query{Tenant: tenant, Kind: core.KindIncident}) {
		if err != nil && !isUnreadable(err) {
			return comms.Page{}, err
		}
		if err != nil || row.rec.Privacy.Private || row.rec.Comms == nil || row.rec.Comms.Drill {
			continue
		}
		if post, ok := comms.Publish(public.Audience, row.rec.Comms.Updates); ok {
			impair(at[row.rec.Service], &post, row.rec)
			page.Posts = append(page.Posts, post)
		}
	}
	return page, nil
}

// blankPage is a page on which everything works.
func blankPage(public *catalog.PublicPage) comms.Page {
	page := comms.Page{Brand: public.Brand}
	for _, g := range public.Groups {
		group := comms.Group{Name: g.Name}
		for _, c := range g.Components {
			group.Components = append(group.Components, comms.Component{ID: c.ID, Name: c.Name, State: comms.Operational})
		}
		page.Groups = append(page.Groups, group)
	}
	return page
}

// impair lets a component say what customers were told of it: it fails from an update on until one says that it works again, and no longer than
// what was said stands.
func impair(c *comms.Component, post *comms.Post, inc *core.Incident) {
	stands := slices.ContainsFunc(post.Entries, func(e comms.Entry) bool { return e.State == comms.Sent && e.Kind != comms.Retraction })
	if c == nil || !stands {
		return
	}
	first := inc.Comms.Updates[slices.IndexFunc(inc.Comms.Updates, func(u comms.Update) bool { return u.State.Went() })]
	post.Title, post.Since, post.Components, post.Impact = first.Facts.Impaired, first.Facts.Since, []string{c.ID}, "minor"
	state := comms.Degraded
	if inc.Rating.Priority <= severity.P2 {
		state, post.Impact = comms.PartialOutage, "major"
	}
	worse := slices.Index(comms.Conditions(), state) > slices.Index(comms.Conditions(), c.State)
	if worse && (post.Stage == comms.Investigating || post.Stage == comms.Identified) {
		c.State, c.Says, c.Since = state, post.Title, post.Since
	}
}
