package tocsin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/respond"
)

// Share is a view that a share link opens: how a capability of the catalog stands for a tenant. It names no person.
type Share struct {
	Tenant     string
	Capability string    // its name in the catalog
	Until      time.Time // when the link ends, without fractions of a second
	URL        string    // of the link; only [Engine.Share] sets it
}

// HasLinks reports whether Config.PublicURL and Config.LinkKeys are set: pages have links to acknowledge, and capabilities can be shared.
func (e *Engine) HasLinks() bool { return e.links != nil }

// Share makes a link for people without a login, which shows how a capability stands for a tenant, and nothing else. Package status has the
// page, see its Links. life is how long the link is valid: at most 7 days; 0 is 24 hours. The link also ends when the catalog loses the
// capability. Nothing is stored: a link cannot be taken back, but by another key in place of that which signed it.
//
// Any person may share what the person sees, and no machine; Config.Authorize is not asked. Who shared what is logged. The error wraps
// [ErrNotFound] if the catalog has no such capability or the viewer does not see the tenant. It is a [*respond.ForbiddenError] if the viewer
// is no person; that is counted, and logged.
func (e *Engine) Share(ctx context.Context, v respond.Viewer, tenant, capability string, life time.Duration) (Share, error) {
	if err := given(ctx, "share"); err != nil {
		return Share{}, err
	}
	if err := mayShare(v); err != nil {
		e.tel.Forbade(ctx, "share", string(err.Need))
		e.log(ctx, slog.LevelWarn, "a share link was forbidden", "capability", capability, "error.type", string(err.Need), "error", err)
		return Share{}, err
	}
	if life == 0 {
		life = acklink.Life
	}
	_, known := e.catalog.Load().Source().Capabilities[capability]
	if !v.Sees(tenant) {
		e.tel.Forbade(ctx, "share", string(respond.NeedTenant))
		known = false
	}
	switch {
	case !known:
		return Share{}, fmt.Errorf("%w: capability %.40q of tenant %.40q", ErrNotFound, capability, tenant)
	case e.links == nil:
		return Share{}, errors.New("tocsin: share: Config.PublicURL and Config.LinkKeys are not set, expected both")
	case life < time.Second || life > acklink.ShareLife:
		return Share{}, fmt.Errorf("tocsin: share: a link for %v, expected 1s to %v", life, acklink.ShareLife)
	}
	s := Share{Tenant: tenant, Capability: capability, Until: e.now(ctx).Add(life).Truncate(time.Second)}
	s.URL = e.links.ShareURL(acklink.Share{Tenant: s.Tenant, Capability: s.Capability, Until: s.Until})
	e.log(ctx, slog.LevelInfo, "a capability was shared", "by", string(v.Person), "capability", capability, "tenant", tenant, "until", s.Until)
	return s, nil
}

func mayShare(v respond.Viewer) *respond.ForbiddenError {
	const who = "a person who sees the tenant"
	switch {
	case v.Nobody():
		return &respond.ForbiddenError{Viewer: v, Need: respond.NeedName, Who: who}
	case v.Person == "":
		return &respond.ForbiddenError{Viewer: v, Need: respond.NeedPerson, Who: who}
	}
	return nil
}

// Shared reads the last part of a share link. The error is a [*LinkError] if the link is not valid or not valid any more; such links are
// counted.
func (e *Engine) Shared(ctx context.Context, token string) (Share, error) {
	if err := given(ctx, "shared"); err != nil {
		return Share{}, err
	}
	fault := LinkForeign
	if e.links != nil {
		s, err := e.links.ReadShare(token, e.now(ctx))
		_, known := e.catalog.Load().Source().Capabilities[s.Capability]
		switch {
		case err != nil:
			fault = linkFault(err)
		case known:
			return Share{Tenant: s.Tenant, Capability: s.Capability, Until: s.Until}, nil
		default:
			fault = LinkEnded
		}
	}
	e.tel.Forbade(ctx, "share", string(fault))
	return Share{}, &LinkError{fault}
}
