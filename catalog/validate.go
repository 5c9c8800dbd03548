package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Validate reports everything that keeps the catalog from running, joined: names that dangle, rules that do not compile,
// values out of range. What should merely not run is a question for [Catalog.Vet].
func (c *Catalog) Validate() error {
	_, err := c.Compile()
	return err
}

// fault is something that keeps the catalog from running.
type fault struct {
	path   string // of the part
	at     position
	err    error
	misses string // the section in which something is missing, which may be there where it cannot be read
}

// faults collects what Validate finds.
type faults struct {
	places *places
	list   []fault
}

func (f *faults) add(path, where, format string, args ...any) {
	f.note(path, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (f *faults) note(path string, err error) {
	at, _ := f.places.find(path)
	f.list = append(f.list, fault{path: path, at: at, err: err})
}

// missing is add for what is not there in the section.
func (f *faults) missing(section, path, where, format string, args ...any) {
	f.add(path, where, format, args...)
	f.list[len(f.list)-1].misses = section
}

// now drops what YAML cannot say and the program may yet add: strategies.
func (f *faults) now() *faults {
	return &faults{list: slices.DeleteFunc(slices.Clone(f.list), func(f fault) bool { return f.misses == "strategies" })}
}

// join makes one error of the faults.
func (f *faults) join() error {
	errs := make([]error, len(f.list))
	for i, fault := range f.list {
		if fault.at.line == 0 {
			errs[i] = fmt.Errorf("catalog: %w", fault.err)
		} else {
			errs[i] = &FileError{fault.at.file, fault.at.line, fault.at.column, fault.err}
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

// each adds the faults of a part that checks itself. Of the place within they tell with their first words, as in "level 2:
// wait 5ms, expected at least 1s".
func (f *faults) each(err error, where string, steps ...any) {
	for _, e := range flatten(err) {
		inner, text := slices.Clone(steps), e.Error()
		for _, list := range []string{"level", "rotation", "step"} {
			var n int
			if _, err := fmt.Sscanf(text, list+" %d:", &n); err == nil {
				inner = append(inner, list+"s", n-1)
				_, text, _ = strings.Cut(text, ": ")
			}
		}
		for _, field := range []string{"limit", "args"} {
			if rest, ok := strings.CutPrefix(text, field+": "); ok {
				inner, text = append(inner, field), rest
			}
		}
		word, _, _ := strings.Cut(strings.TrimPrefix(text, "no "), " ")
		inner = append(inner, fieldOf(strings.TrimRight(word, ",:")))
		f.add(path(inner...), where, "%v", e)
	}
}

// fieldOf returns the field of YAML that the first word of a fault is about.
func fieldOf(word string) string {
	switch word {
	case "has":
		return "do"
	case "target":
		return "page"
	case "stale":
		return "stale_after"
	}
	return word
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
