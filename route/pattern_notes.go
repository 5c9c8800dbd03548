package route

import (
	"slices"
	"strings"
)

// patternNotes returns the differences between the rule and EventBridge.
func patternNotes(o *patternObject) []string {
	var notes []string
	add := func(note string) {
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	o.eachField(func(f patternField) {
		if f.leaf == nil {
			return
		}
		for _, t := range f.leaf.tests {
			for _, block := range wholeFamilies(t) {
				add(block + " is every address of its family: EventBridge takes numbers and the other family for addresses, too")
			}
		}
	})
	return notes
}

// eachField visits the fields of o and of its nested objects, in order.
func (o *patternObject) eachField(visit func(patternField)) {
	for _, f := range o.fields {
		visit(f)
		if f.object != nil {
			f.object.eachField(visit)
		}
	}
	for _, branch := range o.or {
		branch.eachField(visit)
	}
}

func wholeFamilies(t *leafTest) []string {
	var blocks []string
	if t.name == testInCIDR {
		for _, n := range t.list.elements {
			if strings.HasSuffix(n.value.text, "/0") {
				blocks = append(blocks, n.value.text)
			}
		}
	}
	return blocks
}
