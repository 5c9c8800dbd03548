package respond_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestMaySee: a private incident is seen by people who have a part in it, one that is not by everybody who sees the tenant.
func TestMaySee(t *testing.T) {
	inc := incident.Incident{
		Tenant: "acme", Owner: "payments", Private: true, PrivateBy: "gus", Told: []incident.Told{{Person: "ana"}, {Contact: "slack:#ops"}},
		Pending:    []incident.Message{{Kind: "page", Level: 1, Person: "ben"}, {Kind: "notice", Person: "hal"}},
		Escalation: incident.Escalation{Acks: []escalate.Ack{{By: "cho"}}},
		Roles:      []incident.Assignment{{Role: "scribe", Person: "zoe", Renounced: time.Unix(1, 0)}, {Role: "scribe", Person: "fay"}, {Role: "expert", Person: "ned", Renounced: time.Unix(5, 0)}},
		Closed:     time.Unix(5, 0),
		Offers:     []incident.RoleOffer{{Role: "scribe", From: "fay", To: "ida"}},
		Todos:      []incident.Todo{{ID: 1, Owner: "jon"}},
		Decisions:  []incident.Decision{{ID: 1, Asked: []escalate.PersonID{"kim", "lou"}}},
	}
	grants := []string{respond.GrantOperator, respond.GrantApprove}
	for name, tt := range map[string]struct {
		viewer        respond.Viewer
		private, open bool
	}{
		"paged":               {respond.Viewer{Person: "ana", Tenants: []string{"acme"}}, true, true},
		"being paged":         {respond.Viewer{Person: "ben", Tenants: []string{"acme"}}, true, true},
		"being told":          {respond.Viewer{Person: "hal", Tenants: []string{"acme"}}, true, true},
		"who has it":          {respond.Viewer{Person: "cho", Tenants: []string{"acme"}}, true, true},
		"a role":              {respond.Viewer{Person: "fay", Tenants: []string{"acme"}}, true, true},
		"a role once":         {respond.Viewer{Person: "zoe", Tenants: []string{"acme"}}, false, true},
		"a role to the end":   {respond.Viewer{Person: "ned", Tenants: []string{"acme"}}, true, true},
		"offered a role":      {respond.Viewer{Person: "ida", Tenants: []string{"acme"}}, true, true},
		"a to-do":             {respond.Viewer{Person: "jon", Tenants: []string{"acme"}}, true, true},
		"asked to decide":     {respond.Viewer{Person: "lou", Tenants: []string{"acme"}}, true, true},
		"who made it private": {respond.Viewer{Person: "gus", Tenants: []string{"acme"}}, true, true},
		"anybody":             {respond.Viewer{Person: "max", Tenants: []string{"acme"}}, false, true},
		"every grant":         {respond.Viewer{Person: "max", Tenants: []string{"acme"}, Grants: grants}, false, true},
		"a machine":           {respond.Viewer{Machine: "ana", Tenants: []string{"acme"}, Grants: grants}, false, true},
		"nobody":              {respond.Viewer{Tenants: []string{"acme"}}, false, false},
		"another tenant":      {respond.Viewer{Person: "ana", Tenants: []string{"bolt"}}, false, false},
		"no tenant":           {respond.Viewer{Person: "ana"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.private, tt.viewer.MaySee(&inc))
			shown := inc
			shown.Private = false
			assert.Equal(t, tt.open, tt.viewer.MaySee(&shown))
		})
	}
}
