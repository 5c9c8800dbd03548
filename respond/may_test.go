package respond_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// may has for each command who may give it, by the names of viewers.
var may = []struct {
	command respond.Command
	allowed []string
	needs   map[string]respond.Need // of those who may not and lack something else than the others
	need    respond.Need            // of all others
}{
	{respond.Acknowledge{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.Unacknowledge{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.Assume{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.Renounce{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.Offer{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.AcceptRole{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.AddTodo{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.DoneTodo{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.AssignTodo{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.AskDecision{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.Decide{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester"}, nil, respond.NeedPerson},
	{respond.Escalate{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.Note{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.Page{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.StopRun{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.Resolve{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.SetPrivate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Reprioritise{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Declare{}, []string{"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "operating machine"}, nil, respond.NeedPerson},
	{respond.Assess{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Accept{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Decline{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Cancel{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Proceed{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Mitigate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Reopen{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Close{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.Amend{}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.StartRun{DryRun: true}, []string{"owner", "paged", "being paged", "holder", "role", "operator", "operating machine"}, nil, respond.NeedResponder},
	{respond.StartRun{}, nil, map[string]respond.Need{
		"owner": respond.NeedApprove, "paged": respond.NeedApprove, "being paged": respond.NeedApprove, "holder": respond.NeedApprove, "role": respond.NeedApprove,
		"operator": respond.NeedApprove, "operating machine": respond.NeedApprove,
	}, respond.NeedResponder},
	{respond.Answer{}, []string{"owner", "paged", "being paged", "holder", "role", "operator"}, map[string]respond.Need{
		"machine": respond.NeedPerson, "operating machine": respond.NeedPerson,
	}, respond.NeedResponder},
	{respond.Approve{Run: "R-1"}, []string{"approver"}, map[string]respond.Need{
		"machine": respond.NeedPerson, "operating machine": respond.NeedPerson, "requester": respond.NeedOther,
	}, respond.NeedApprove},
	{respond.Approve{Run: "R-2"}, []string{"approver", "requester"}, map[string]respond.Need{
		"machine": respond.NeedPerson, "operating machine": respond.NeedPerson,
	}, respond.NeedApprove},
	{respond.DraftUpdate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator"}, machines, respond.NeedResponder},
	{respond.SendUpdate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator"}, machines, respond.NeedResponder},
	{respond.CorrectUpdate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator"}, machines, respond.NeedResponder},
	{respond.RetractUpdate{}, []string{"owner", "paged", "being paged", "holder", "role", "operator"}, machines, respond.NeedResponder},
	{respond.ApproveUpdate{Update: "u1"}, []string{"approver", "holder"}, map[string]respond.Need{ // the holder was asked, the requester drafted it
		"machine": respond.NeedPerson, "operating machine": respond.NeedPerson, "requester": respond.NeedOther,
	}, respond.NeedApprove},
	{respond.ApproveUpdate{Update: "u1", Decline: true}, []string{"approver", "holder", "requester"}, machines, respond.NeedApprove},
	{respond.ApproveUpdate{Update: "u2"}, []string{"approver"}, map[string]respond.Need{ // the requester sent it without approval
		"machine": respond.NeedPerson, "operating machine": respond.NeedPerson, "requester": respond.NeedOther,
	}, respond.NeedApprove},
	{respond.ApproveUpdate{Update: "u3"}, []string{"approver", "requester"}, machines, respond.NeedApprove},
	{respond.KillSwitch{}, []string{
		"person", "owner", "paged", "being paged", "holder", "role", "operator", "approver", "requester", "machine", "operating machine",
	}, nil, ""},
	{respond.KillSwitch{Off: true}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{respond.Resend{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{respond.SendTest{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{respond.Subscribe{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{respond.ConfirmSubscriber{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{respond.Unsubscribe{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
	{foreign{}, []string{"operator", "operating machine"}, nil, respond.NeedOperator},
}

// machines need a person beside them.
var machines = map[string]respond.Need{"machine": respond.NeedPerson, "operating machine": respond.NeedPerson}

// foreign is a command that May does not know.
type foreign struct{ respond.Command }

// viewers are the kinds of viewers. zoe is in no list of the incident.
var viewers = map[string]struct {
	viewer respond.Viewer
	owner  bool
}{
	"person":            {respond.Viewer{Person: "zoe"}, false},
	"owner":             {respond.Viewer{Person: "zoe"}, true},
	"paged":             {respond.Viewer{Person: "ana"}, false},
	"being paged":       {respond.Viewer{Person: "ben"}, false},
	"holder":            {respond.Viewer{Person: "cho"}, false},
	"role":              {respond.Viewer{Person: "fay"}, false},
	"operator":          {respond.Viewer{Person: "zoe", Grants: []string{respond.GrantOperator}}, false},
	"approver":          {respond.Viewer{Person: "zoe", Grants: []string{respond.GrantApprove}}, false},
	"requester":         {respond.Viewer{Person: "dee", Grants: []string{respond.GrantApprove}}, false},
	"machine":           {respond.Viewer{Machine: "ana"}, false}, // the name of a person gives a machine nothing
	"operating machine": {respond.Viewer{Machine: "ci", Grants: []string{respond.GrantOperator}}, false},
}

// TestMay holds the defaults of who may what: every command by every kind of viewer.
func TestMay(t *testing.T) {
	inc := incident.Incident{
		ID: "k7qf", Owner: "payments", Told: []incident.Told{{Person: "ana"}},
		Pending:    []incident.Message{{Kind: "page", Level: 1, Person: "ben"}, {Kind: "reminder", Person: "zoe"}},
		Escalation: incident.Escalation{Acks: []escalate.Ack{{By: "cho"}}},
		Roles:      []incident.Assignment{{Role: "scribe", Person: "zoe", Renounced: time.Unix(1, 0)}, {Role: "scribe", Person: "fay"}},
		Runs:       []incident.Run{{ID: "R-1", By: "dee"}, {ID: "R-2", By: "eve"}},
		Comms: &comms.Situation{Updates: []comms.Update{
			{ID: "u1", Drafted: comms.Drafted{By: "dee"}, Asked: []string{"cho"}}, {ID: "u2", Drafted: comms.Drafted{By: "eve"}, Sent: comms.Release{By: "dee"}},
		}},
	}
	for _, tt := range may {
		t.Run(reflect.TypeOf(tt.command).Name(), func(t *testing.T) {
			for name, v := range viewers {
				err := respond.May(v.viewer, tt.command, respond.About{Incident: inc, Owner: v.owner})
				if slices.Contains(tt.allowed, name) {
					assert.NoError(t, err, name)
					continue
				}
				var no *respond.ForbiddenError
				if assert.ErrorAs(t, err, &no, name) {
					want, ok := tt.needs[name]
					if !ok {
						want = tt.need
					}
					assert.Equal(t, want, no.Need, name)
					assert.NotEmpty(t, no.Who, name)
					assert.Equal(t, v.viewer, no.Viewer, name)
				}
			}
			for _, nobody := range []respond.Viewer{{}, {Grants: []string{respond.GrantOperator, respond.GrantApprove}}, {Person: "ana", Machine: "ci"}} {
				var no *respond.ForbiddenError
				require.ErrorAs(t, respond.May(nobody, tt.command, respond.About{Incident: inc, Owner: true, Contact: true}), &no)
				assert.Equal(t, respond.NeedName, no.Need)
			}
		})
	}
	t.Run("who starts a run needs both", func(t *testing.T) {
		both := respond.Viewer{Person: "ana", Grants: []string{respond.GrantApprove}}
		require.NoError(t, respond.May(both, respond.StartRun{}, respond.About{Incident: inc}))
	})
	t.Run("one's own contact", func(t *testing.T) {
		require.NoError(t, respond.May(respond.Viewer{Person: "zoe"}, respond.SendTest{}, respond.About{Contact: true}))
	})
}

// TestMayKnowsEveryCommand: each command of the package stands in the table above and in the switch of May, so that a new one is not left
// to the rule for what is not known.
func TestMayKnowsEveryCommand(t *testing.T) {
	tested := map[string]bool{}
	for _, tt := range may {
		tested[reflect.TypeOf(tt.command).Name()] = true
	}
	known := map[string]bool{"Resend": true} // by the last line of May
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var commands []string
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			switch {
			case ok && fn.Recv != nil && fn.Name.Name == "Head":
				commands = append(commands, fn.Recv.List[0].Type.(*ast.Ident).Name)
			case ok && fn.Recv == nil && fn.Name.Name == "May":
				ast.Inspect(fn, func(n ast.Node) bool {
					if c, ok := n.(*ast.CaseClause); ok {
						for _, typ := range c.List {
							known[typ.(*ast.Ident).Name] = true
						}
					}
					return true
				})
			}
		}
	}
	require.NotEmpty(t, commands)
	for _, name := range commands {
		assert.True(t, tested[name], "the table of TestMay has no row for %s", name)
		assert.True(t, known[name], "May has no case for %s", name)
	}
}

// TestSees: who names no tenant sees the one without a name; nobody sees any.
func TestSees(t *testing.T) {
	for _, tt := range []struct {
		name   string
		viewer respond.Viewer
		sees   []string
	}{
		{"nobody", respond.Viewer{}, nil},
		{"nobody with tenants", respond.Viewer{Tenants: []string{"", "a"}}, nil},
		{"both a person and a machine", respond.Viewer{Person: "ana", Machine: "ci"}, nil},
		{"no tenants", respond.Viewer{Person: "ana"}, []string{""}},
		{"an empty list of tenants", respond.Viewer{Person: "ana", Tenants: []string{}}, nil},
		{"one tenant", respond.Viewer{Person: "ana", Tenants: []string{"a"}}, []string{"a"}},
		{"a machine of two", respond.Viewer{Machine: "ci", Tenants: []string{"a", ""}}, []string{"", "a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sees []string
			for _, tenant := range []string{"", "a", "b"} {
				if tt.viewer.Sees(tenant) {
					sees = append(sees, tenant)
				}
			}
			assert.Equal(t, tt.sees, sees)
		})
	}
}
