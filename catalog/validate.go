package catalog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Validate reports everything that keeps the catalog from running, joined: names that dangle, rules that do not compile,
// values out of range. What should merely not run is a question for [Catalog.Vet].
func (c *Catalog) Validate() error {
	_, err := c.Compile()
	return err
}

// flaw is something that keeps the catalog from running.
type flaw struct {
	path   string // of the part
	at     position
	err    error
	misses string // the section in which something is missing, which may be there where it cannot be read
}

// faults collects what Validate finds.
type faults struct {
	places *places
	list   []flaw
}

func (f *faults) add(path, where, format string, args ...any) {
	f.note(path, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

func (f *faults) note(path string, err error) {
	at, _ := f.places.find(path)
	f.list = append(f.list, flaw{path: path, at: at, err: err})
}

// missing is add for what is not there in the section.
func (f *faults) missing(section, path, where, format string, args ...any) {
	f.add(path, where, format, args...)
	f.list[len(f.list)-1].misses = section
}

// now drops what YAML cannot say and the program may yet add: strategies.
func (f *faults) now() *faults {
	return &faults{list: slices.DeleteFunc(slices.Clone(f.list), func(f flaw) bool { return f.misses == "strategies" })}
}

// join makes one error of the faults.
func (f *faults) join() error {
	errs := make([]error, len(f.list))
	for i, flaw := range f.list {
		if flaw.at.line == 0 {
			errs[i] = fmt.Errorf("catalog: %w", flaw.err)
		} else {
			errs[i] = &FileError{flaw.at.file, flaw.at.line, flaw.at.column, flaw.err}
		}
	}
	return errors.Join(errs...)
}

// name checks that a reference has something at its other end, and says what there is if it has not.
func name[K ~string, V any](f *faults, path, where, what string, ref K, in map[K]V) {
	if ref == "" {
		return
	}
	if _, ok := in[ref]; !ok {
		f.missing(sectionOf(in), path, where, "%s %q does not exist, expected %s%s", what, ref, choices(in), suggest(string(ref), sorted(in)))
	}
}

// sectionOf returns the section of the catalog that holds such a map.
func sectionOf(in any) string {
	switch in.(type) {
	case map[escalate.PersonID]Person:
		return "people"
	case map[string]Team:
		return "teams"
	case map[string]escalate.Schedule:
		return "schedules"
	case map[string]Service:
		return "services"
	case map[string]Plan:
		return "plans"
	case map[string]escalate.Policy:
		return "policies"
	case map[string]Comms:
		return "comms"
	}
	return ""
}

// each adds the faults of a part that checks itself.
func (f *faults) each(err error, where string, steps ...any) {
	for _, e := range fault.Of(err) {
		f.add(path(slices.Concat(steps, e.Path)...), where, "%w", e)
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func (c *Catalog) check(f *faults) {
	const where = "defaults"
	if c.Defaults.Owner == "" {
		f.missing(where, path(where, "owner"), where, "owner is missing, expected the team that owns what nobody else does")
	}
	if c.Defaults.Plan == "" {
		f.missing(where, path(where, "plan"), where, "plan is missing, expected the plan for what names none")
	}
	name(f, path(where, "owner"), where, "team", c.Defaults.Owner, c.Teams)
	name(f, path(where, "plan"), where, "plan", c.Defaults.Plan, c.Plans)
	c.checkPeople(f)
	c.checkSchedules(f)
	c.checkServices(f)
	c.checkClasses(f)
	c.checkRules(f)
	c.checkPlans(f)
	c.checkPolicies(f)
	c.checkRunbooks(f)
	c.checkComms(f)
	c.checkMatrix(f)
}
