package tocsin_test

import (
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/core"
)

// inc returns the id of an incident of the default tenant that is written GROUP#N: the Nth of its group.
func inc(name string) string { return incOf("", name) }

// incOf is inc of a tenant.
func incOf(tenant, name string) string {
	i := strings.LastIndexByte(name, '#')
	n, err := strconv.Atoi(name[i+1:])
	if i < 0 || err != nil {
		panic("an incident is written GROUP#N, not " + name)
	}
	return core.IncidentID(tenant, name[:i], n)
}
