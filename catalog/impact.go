package catalog

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// ImpactRule says why the business impact of an event differs from what tier and severity suggest. A zero Impact or Urgency
// leaves that axis to other rules.
type ImpactRule struct {
	When    string // a CEL expression, see package route
	Impact  severity.Grade
	Urgency severity.Grade
	// Dimensions say in place of Impact what the business loses in each dimension. The worst counts, and the reason names it.
	Dimensions severity.Impacts
	Because    string // the reason, shown to those who are paged; required
}

func impactForm() field[document] {
	return key("impact", "Why the impact of an event differs from what tier and severity suggest; per axis the first that speaks decides.",
		func(d *document) *[]ImpactRule { return &d.Impact },
		list("impact rule", "a list of impact rules", mapping("ImpactRule", "an impact rule", true,
			needed(key("when", "The condition, an expression in CEL.", func(r *ImpactRule) *string { return &r.When }, ruleForm())),
			key("impact", "How much the business loses.", func(r *ImpactRule) *severity.Grade { return &r.Impact }, gradeForm()),
			key("dimensions", "In place of impact: how much the business loses in each dimension. The worst counts.",
				func(r *ImpactRule) *severity.Impacts { return &r.Dimensions },
				keyed[severity.Impacts]("Dimensions", "impacts by dimension, {money: high}", true, "How much it costs in %s.", gradeForm(), severity.Dimensions()...)),
			key("urgency", "How fast the loss grows.", func(r *ImpactRule) *severity.Grade { return &r.Urgency }, gradeForm()),
			needed(key("because", "The reason, which responders read.",
				func(r *ImpactRule) *string { return &r.Because }, free[string]("a reason"))),
		)))
}

func checkImpact(c *checker) {
	rules := make([]route.Rule[*ImpactRule], len(c.Impact))
	for i := range c.Impact {
		r, at := &c.Impact[i], spot{fmt.Sprintf("impact rule %d", i+1), fault.Path{"impact", i}}
		switch {
		case r.Impact == 0 && r.Urgency == 0 && len(r.Dimensions) == 0:
			c.add(at.in("impact"), "says neither impact nor urgency, expected low, medium or high on one axis at least")
		case r.Impact != 0 && len(r.Dimensions) > 0:
			c.add(at.in("dimensions"), "says impact and dimensions, expected one of them")
		case !r.Impact.Valid() || !r.Urgency.Valid():
			c.add(at.in("impact"), "impact %v, urgency %v, expected low, medium or high", r.Impact, r.Urgency)
		}
		if err := r.Dimensions.Validate(); err != nil {
			c.add(at.in("dimensions"), "%v", err)
		}
		if r.Because == "" {
			c.add(at.in("because"), "because is missing, expected the reason that responders read")
		}
		rules[i] = route.Rule[*ImpactRule]{ID: impactID(i), When: r.When, Then: r}
	}
	var err error
	c.out.impact, err = table(c.before.impact, rules)
	c.each(spot{"impact", fault.Path{"impact"}}, err)
}

// impactID is the id of the rule in its table.
func impactID(i int) string { return fmt.Sprintf("impact %d", i+1) }

// impact returns the impact that the rule states, and its reason; zero if it states none.
func (r *ImpactRule) impact() (severity.Grade, string) {
	if of, worst := r.Dimensions.Worst(); worst != 0 {
		return worst, string(of) + ": " + r.Because
	}
	return r.Impact, r.Because
}

func documentImpact(d *markdown) {
	var items []string
	for _, r := range d.source.Impact {
		var sets []string
		if r.Impact != 0 {
			sets = append(sets, "impact "+r.Impact.String())
		}
		if len(r.Dimensions) > 0 {
			sets = append(sets, "impact on "+r.Dimensions.String())
		}
		if r.Urgency != 0 {
			sets = append(sets, "urgency "+r.Urgency.String())
		}
		items = append(items, fmt.Sprintf("%s: %s. If %s", plain(r.Because), strings.Join(sets, ", "), plain(r.When)))
	}
	d.list("Impact rules: for impact and urgency each, the first that speaks decides", items)
}

func vetImpact(v *vet) {
	places := map[string]spot{}
	for i := range v.source.Impact {
		places[impactID(i)] = spot{fmt.Sprintf("rule %q", impactID(i)), fault.Path{"impact", i, "when"}}
	}
	v.rules(alone(v.impact.Vet()), places)
}
