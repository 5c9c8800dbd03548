package event_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func payments(t *testing.T) *event.Taxonomy {
	t.Helper()
	tax, err := event.NewTaxonomy([]event.Class{
		{Name: "payments.payout.stuck", Severity: severity.Critical},
		{Name: "payments.payout.*", Plan: "payout", Dedup: []string{"labels.merchant"}, StaleAfter: time.Hour},
		{Name: "cards.*", Plan: "quiet", Plans: map[severity.Priority]string{severity.P1: "loud"}, Require: []string{"labels.card"}},
		{Name: "cards.stolen", Plan: "police", Require: []string{"subject"}},
		{Name: "cards.lost", Plans: map[severity.Priority]string{severity.P2: "loud"}},
		{Name: "payments.*", Owner: "payments", Service: "checkout", Plan: "default", Severity: severity.Warning, Runbook: "https://wiki.example/payments"},
		{Name: "deploy.*", Kind: event.Changes},
		{Name: "deploy.failed", Kind: event.Alert},
	})
	require.NoError(t, err)
	return tax
}

func TestInheritance(t *testing.T) {
	for _, tt := range []struct {
		name, typ string
		want      event.Class
	}{
		{"from both prefixes above", "payments.payout.stuck", event.Class{
			Name: "payments.payout.stuck", Severity: severity.Critical, Plan: "payout", Owner: "payments", Service: "checkout",
			Runbook: "https://wiki.example/payments", Dedup: []string{"labels.merchant"}, StaleAfter: time.Hour,
		}},
		{"wildcard only, under its own name", "payments.payout.late", event.Class{
			Name: "payments.payout.late", Severity: severity.Warning, Plan: "payout", Owner: "payments", Service: "checkout",
			Runbook: "https://wiki.example/payments", Dedup: []string{"labels.merchant"}, StaleAfter: time.Hour,
		}},
		{"the higher prefix alone", "payments.ledger.lag", event.Class{
			Name: "payments.ledger.lag", Severity: severity.Warning, Plan: "default", Owner: "payments", Service: "checkout",
			Runbook: "https://wiki.example/payments",
		}},
		{"several words below the prefix", "payments.payout.eu.late", event.Class{
			Name: "payments.payout.eu.late", Severity: severity.Warning, Plan: "payout", Owner: "payments", Service: "checkout",
			Runbook: "https://wiki.example/payments", Dedup: []string{"labels.merchant"}, StaleAfter: time.Hour,
		}},
		{"own kind wins", "deploy.failed", event.Class{Name: "deploy.failed", Kind: event.Alert}},
		{"plans by priority inherit together", "cards.slow", event.Class{
			Name: "cards.slow", Plan: "quiet", Plans: map[severity.Priority]string{severity.P1: "loud"}, Require: []string{"labels.card"},
		}},
		{"a plan of its own wins over plans by priority", "cards.stolen", event.Class{
			Name: "cards.stolen", Plan: "police", Require: []string{"subject"},
		}},
		{"plans by priority win over the plan above", "cards.lost", event.Class{
			Name: "cards.lost", Plans: map[severity.Priority]string{severity.P2: "loud"}, Require: []string{"labels.card"},
		}},
		{"kind inherits", "deploy.done", event.Class{Name: "deploy.done", Kind: event.Changes}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, known := payments(t).Class(tt.typ)
			assert.True(t, known)
			assert.Equal(t, tt.want, *got)
		})
	}
}

func TestInheritanceReachesAnyDepth(t *testing.T) {
	for range 20 { // map order varies: the result must not
		tax, err := event.NewTaxonomy([]event.Class{
			{Name: "a.b.c.d.*"}, {Name: "a.b.c.*"}, {Name: "a.b.*"}, {Name: "a.*", Owner: "ana"}, {Name: "a.b.c.d.e"},
		})
		require.NoError(t, err)
		for _, typ := range []string{"a.b.c.d.e", "a.b.c.d.f"} {
			c, _ := tax.Class(typ)
			require.Equal(t, "ana", c.Owner, typ)
		}
	}
}

func TestUnknownTypeIsUnclassified(t *testing.T) {
	for _, typ := range []string{"", "nobody.knows", "payments", "paymentsx.payout", "payment.payout", "unclassified"} {
		got, known := payments(t).Class(typ)
		assert.False(t, known, "type %q", typ)
		assert.Equal(t, event.Unclassified, got.Name, "type %q", typ)
		assert.Equal(t, severity.Warning, got.Severity, "type %q", typ)
	}
}

func TestUnclassifiedMayBeDecided(t *testing.T) {
	tax, err := event.NewTaxonomy([]event.Class{{Name: event.Unclassified, Severity: severity.Error, Owner: "platform"}})
	require.NoError(t, err)
	got, known := tax.Class("nobody.knows")
	assert.False(t, known, "whatever was decided about it, the type is still unknown")
	assert.Equal(t, "platform", got.Owner)
}

func TestTaxonomyKeepsItsOwnCopy(t *testing.T) {
	classes := []event.Class{{Name: "a.b"}, {Name: "a.*", Owner: "ana"}}
	_, err := event.NewTaxonomy(classes)
	require.NoError(t, err)
	assert.Empty(t, classes[0].Owner, "what a class inherits is not written into the caller's")
}

func TestClassFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		class event.Class
		want  string
	}{
		{"empty name", event.Class{}, `class "": expected dotted words`},
		{"star alone", event.Class{Name: "*"}, "expected dotted words"},
		{"star in the middle", event.Class{Name: "a.*.b"}, "expected dotted words"},
		{"two stars", event.Class{Name: "a.*.*"}, "expected dotted words"},
		{"nothing before the star", event.Class{Name: ".*"}, "expected dotted words"},
		{"empty word", event.Class{Name: "a..b"}, "expected dotted words"},
		{"trailing dot", event.Class{Name: "a."}, "expected dotted words"},
		{"space", event.Class{Name: "a b"}, "expected dotted words"},
		{"slash", event.Class{Name: "a/b"}, "expected dotted words"},
		{"kind", event.Class{Name: "a", Kind: "page"}, `kind "page" is none of alert, change, info`},
		{"severity", event.Class{Name: "a", Severity: 9}, "is none of the severities"},
		{"negative stale after", event.Class{Name: "a", StaleAfter: -1}, "expected no negative duration"},
		{"unknown dedup field", event.Class{Name: "a", Dedup: []string{"colour"}}, `dedup field "colour"`},
		{"label without name", event.Class{Name: "a", Dedup: []string{"labels"}}, `dedup field "labels"`},
		{"data without name", event.Class{Name: "a", Dedup: []string{"data."}}, `dedup field "data."`},
		{"deeper than a text field", event.Class{Name: "a", Dedup: []string{"subject.x"}}, `dedup field "subject.x"`},
		{"signal, which would part a resolve from its trigger", event.Class{Name: "a", Dedup: []string{"signal"}}, `dedup field "signal"`},
		{"severity, likewise", event.Class{Name: "a", Dedup: []string{"severity"}}, `dedup field "severity"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := event.NewTaxonomy([]event.Class{tt.class})
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := event.NewTaxonomy([]event.Class{
		{Name: "a b", Kind: "page"},
		{Name: "twice"},
		{Name: "twice"},
		{Name: "twice.*"},
		{Name: "twice.*"},
		{Name: "c", Dedup: []string{"x", "labels.fine", "y"}},
	})
	require.Error(t, err)
	for _, want := range []string{
		"expected dotted words", `kind "page"`, `class "twice": is there twice`, `class "twice.*": is there twice`, `"x"`, `"y"`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "labels.fine")
}

func TestCountOfIsInheritedWithTheCount(t *testing.T) {
	taxonomy, err := event.NewTaxonomy([]event.Class{
		{Name: "probe.*", Count: 2, Within: time.Minute, CountOf: "labels.detector"},
		{Name: "probe.any", Count: 5, Within: time.Minute},
		{Name: "probe.failed"},
	})
	require.NoError(t, err)
	failed, _ := taxonomy.Class("probe.failed")
	assert.Equal(t, "labels.detector", failed.CountOf)
	own, _ := taxonomy.Class("probe.any")
	assert.Empty(t, own.CountOf, "a count of its own counts what it says")
	_, err = event.NewTaxonomy([]event.Class{{Name: "a", CountOf: "source"}})
	assert.ErrorContains(t, err, "count of source without a count")
}
