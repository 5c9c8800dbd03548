package route

import (
	"slices"
	"strings"
)

// renderPattern returns a pattern as CEL. It reports fields of the envelope that an event does not hold. o may be nil if there are
// faults already.
func renderPattern(o *patternObject, faults *patternFaults) string {
	if len(*faults) > 0 {
		return ""
	}
	judgeEnvelope(o, faults)
	whole := []*patternObject{o}
	if _, apart := objectNames(o, false); !apart {
		if whole = o.alternatives(maxPatternSplit); whole == nil {
			faults.add(o.place(), "the $or of the pattern multiply to more than %d alternatives", maxPatternSplit)
		}
	}
	if len(*faults) > 0 {
		return ""
	}
	var either []string
	for _, o := range whole {
		either = append(either, strings.Join(patternConditions(o, envelopeField), "\n&& "))
	}
	if len(either) == 1 {
		return either[0]
	}
	return "(" + strings.Join(either, ")\n|| (") + ")"
}

// judgeEnvelope reports fields of the envelope that an event does not hold.
func judgeEnvelope(o *patternObject, faults *patternFaults) {
	for _, f := range o.fields {
		switch _, text := textFields(f.name); {
		case f.name == "detail":
			judgeObjects(f.object, faults)
		case !text && f.name != "time":
			faults.add(f.node, "an event does not keep %q, expected account, detail, detail-type, id, region, resources, source or time",
				f.name)
		case f.leaf == nil:
			faults.add(f.node, "an object, expected an array: %s is no object", f.name)
		}
	}
	for _, branch := range o.or {
		judgeEnvelope(branch, faults)
	}
}

// judgeObjects reports objects that are too large. o may be nil.
func judgeObjects(o *patternObject, faults *patternFaults) {
	if o == nil {
		return
	}
	for _, f := range o.fields {
		if f.object != nil {
			newObjectTest(f.object, f.node, faults)
		}
	}
	for _, branch := range o.or {
		judgeObjects(branch, faults)
	}
}

// objectNames returns the members of detail that must be objects. apart is true if no two of them with the same name must match
// together. Otherwise both refer to the same element and must be rendered as one test.
func objectNames(o *patternObject, detail bool) (names map[string]bool, apart bool) {
	names, apart = map[string]bool{}, true
	add := func(more map[string]bool, inner bool) {
		apart = apart && inner
		for name := range more {
			apart = apart && !names[name]
			names[name] = true
		}
	}
	for _, f := range o.fields {
		switch {
		case f.object == nil:
		case detail:
			add(map[string]bool{f.name: true}, true)
		default:
			add(objectNames(f.object, true))
		}
	}
	either := map[string]bool{}
	for _, branch := range o.or {
		more, inner := objectNames(branch, detail)
		apart = apart && inner
		for name := range more {
			either[name] = true
		}
	}
	add(either, true)
	return names, apart
}

// patternConditions returns the conditions of o as CEL texts, to be joined by &&.
func patternConditions(o *patternObject, field func(patternField) []string) []string {
	var all []string
	for _, f := range o.fields {
		all = append(all, field(f)...)
	}
	if len(o.or) == 0 {
		return all
	}
	var either []string
	for _, branch := range o.or {
		either = append(either, grouped(patternConditions(branch, field), " && "))
	}
	return append(all, grouped(either, " || "))
}

// grouped joins conditions with brackets around several.
func grouped(parts []string, operator string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, operator) + ")"
}

func envelopeField(f patternField) []string {
	switch path, text := textFields(f.name); {
	case f.name == "resources":
		return []string{renderResources(path, f.leaf)}
	case text:
		return []string{renderText(path, f.leaf)}
	case f.name == "time":
		return []string{renderLeaf("event.time", f.leaf)}
	case f.leaf != nil:
		return []string{renderLeaf("event.data", f.leaf)}
	}
	return patternConditions(f.object, func(f patternField) []string { return dataField("event.data", f) })
}

// dataField returns the condition of a field of the object at path.
func dataField(path string, f patternField) []string {
	path = memberOf(path, f.name)
	switch {
	case f.leaf != nil:
		return []string{renderLeaf(path, f.leaf)}
	case len(f.object.fields) == 0 || len(f.object.fields) == 1 && len(f.object.or) == 0: // a single test
		return patternConditions(f.object, func(f patternField) []string { return dataField(path, f) })
	}
	return []string{testObject + "(" + path + ", " + f.object.String() + ")"}
}

// memberOf returns the access to a member in CEL.
func memberOf(path, name string) string {
	for i, c := range name {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return path + "[" + quoted(name) + "]"
		}
	}
	if name == "" || slices.Contains([]string{"in", "true", "false", "null"}, name) { // reserved words of CEL
		return path + "[" + quoted(name) + "]"
	}
	return path + "." + name
}

// String returns the object as an EventBridge pattern.
func (o *patternObject) String() string {
	var members, either []string
	for _, f := range o.fields {
		text := f.node.String()
		if f.object != nil {
			text = f.object.String() // the object may be merged
		}
		members = append(members, quoted(f.name)+": "+text)
	}
	for _, branch := range o.or {
		either = append(either, branch.String())
	}
	if len(either) > 0 {
		members = append(members, `"$or": [`+strings.Join(either, ", ")+"]")
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// renderLeaf returns the tests of the scalars at path as CEL.
func renderLeaf(path string, l *patternLeaf) string {
	var either []string
	for _, t := range l.tests {
		either = append(either, renderTest(path, t))
	}
	if l.absent {
		either = append(either, "!"+testValue+"("+path+")")
	}
	return grouped(either, " || ")
}

func renderTest(path string, t *leafTest) string {
	if t.name == testValue {
		return testValue + "(" + path + ")"
	}
	return t.name + "(" + path + ", " + t.list.String() + ")"
}
