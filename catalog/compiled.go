package catalog

import (
	"fmt"
	"io"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Compiled is a valid catalog that is ready for questions. It never changes, and any number of goroutines may ask it.
type Compiled struct {
	source     *Catalog
	taxonomy   *event.Taxonomy
	impact     *route.Table[*ImpactRule]
	routes     *route.Table[*Route]
	runbooks   map[string]*automate.Runbook
	calls      *route.Table[*automate.Runbook] // of the events that call for them
	texts      *notify.Templates
	matrix     severity.Matrix
	tiers      map[string]tier
	severities map[string]severity.Level // by wordKey
	plans      map[string]*Pinned
	pinned     map[string]*Pinned // the same by hash
	recall     *recall
	variants   map[string]*route.Table[string] // of communication plans, by their names
	hears      *route.Table[string]            // of audiences
	terms      []comms.Term
	page       *PublicPage
}

// Compile validates the catalog and makes it ready for questions. The error is that of [Catalog.Validate].
func (c *Catalog) Compile() (*Compiled, error) { return (&Compiled{}).Recompile(c) }

// Recompile validates another catalog and makes it ready for questions. It compiles only rules whose text is new, which is
// nearly all the work of a reload. c does not change.
func (c *Compiled) Recompile(next *Catalog) (*Compiled, error) {
	out, flaws := all().compile(next, c)
	if len(flaws) > 0 {
		return nil, next.refused(flaws)
	}
	return out, nil
}

// Source returns the catalog of which c was made. It must not be changed.
func (c *Compiled) Source() *Catalog { return c.source }

// Document writes the catalog for people, as Markdown: who is on call, who owns what, what every class leads to, and what each
// policy does. It shows the channel of a contact, but not the address. A catalog that [Catalog.Validate] refuses is an error,
// and nothing is written.
func (c *Catalog) Document(w io.Writer) error { return all().document(c, w) }

// Vet reports what can run and should not, from one instant up to another, which is not included. It reports only what is
// certain. The kinds, which a program may choose findings by, are:
//
//   - invalid: [Catalog.Validate] refuses the catalog; there are no other findings then;
//   - no-catch-all-owner: the team of Defaults reaches nobody in that time;
//   - unreachable-owner: another team that owns something reaches nobody in that time;
//   - gap: for a span nobody is on call on a schedule that a team or target names. Schedules other than [oncall.Schedule] are
//     asked once an hour;
//   - no-capability: there are capabilities, and a service of tier 1 counts for none of them;
//   - no-runbook: a class of alerts, other than of severity info, pages and names no runbook;
//   - inform-p1: an event of the class becomes P1, and the policy of its plan only informs. Vet decides on an event without
//     labels or data, first of the class's severity, then critical;
//   - rule-never-true, rule-only-errs, rule-shadowed, rule-redundant, rule-unguarded, rule-int-arithmetic, rule-unfolded: a rule
//     does not do what it seems to, as [route.Table.Vet] says;
//   - uncovered-class: there are routes, none of them matches any event of a class of alerts, and the class names no plan;
//   - empty-level: the targets of a level reach nobody in that time for the incidents of some team;
//   - unlimited-runbook: a runbook of mode auto has no limit of its own, only the defaults;
//   - unused-channel: a channel has rates, and neither a contact nor a target names it;
//   - no-comms: a class of alerts is about a service that customers know by a name, and a plan of the class has no communication plan;
//   - no-approver: there is an instant at which nobody can approve the updates of a communication plan;
//   - unreached-audience: a communication plan names an audience without channels, other than status-page;
//   - dependent-channel: a channel of an audience needs a service, and the audience has no fallback;
//   - unnamed-component: the page names a service that has no name for customers;
//   - not-carried-out: the page has since or follow, which have no effect in this version.
//
// Findings come in the order of the sections that they are about, within a section by kind in the order of this list, and
// within a kind by name.
func (c *Catalog) Vet(from, to time.Time) []Finding { return all().vet(c, from, to) }

// Class returns the class of a type of event, as [event.Taxonomy.Class] does.
func (c *Compiled) Class(typ string) (*event.Class, bool) { return c.taxonomy.Class(typ) }

// Names returns an error if no class of the catalog is named typ or stands above it, as payments.* stands above payments.stuck.
// The error says which class may have been meant.
func (c *Compiled) Names(typ string) error {
	if _, known := c.Class(typ); known || typ == event.Unclassified {
		return nil
	}
	names := make([]string, len(c.source.Classes))
	for i := range c.source.Classes {
		names[i] = c.source.Classes[i].Name
	}
	return fmt.Errorf("class %q is not in the catalog, expected a class of this name or one above it%s", typ, suggest(typ, names))
}

// CatchAll returns the team that owns what nobody else does.
func (c *Compiled) CatchAll() string { return c.source.Defaults.Owner }

// Render fills the texts of a message, as [notify.Templates.Render] does.
func (c *Compiled) Render(m *notify.Message) error { return c.texts.Render(m) }
