package tocsin_test

import (
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
)

// inc returns the id of an incident of the default tenant that is written GROUP#N: the Nth of its group. Of a group of the team payments
// under the plan loud it is enough to write class and service.
func inc(name string) string { return incOf("", name) }

// incOf is inc of a tenant.
func incOf(tenant, name string) string {
	i := strings.LastIndexByte(name, '#')
	n, err := strconv.Atoi(name[i+1:])
	if i < 0 || err != nil {
		panic("an incident is written GROUP#N, not " + name)
	}
	group := name[:i]
	if !event.IsFinding(group) && strings.Count(group, "/") == 1 {
		group = "loud/payments/" + group
	}
	return core.IncidentID(tenant, group, n)
}
