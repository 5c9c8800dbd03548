package route

// textFields maps text fields of the envelope to fields of the event. The text is "" if the envelope lacks the field.
func textFields(name string) (path string, ok bool) {
	switch name {
	case "source", "id":
		return "event." + name, true
	case "detail-type":
		return "event.type", true
	case "resources":
		return "event.subject", true
	case "account", "region":
		return "label(" + quoted(name) + ")", true
	}
	return "", false
}

// resourcesPath is the list of all resources of an event.
const resourcesPath = `event.data["aws.resources"]`

// renderResources returns the tests of the resources as CEL: any of the list may pass, or the first one, which is the subject.
func renderResources(subject string, l *patternLeaf) string {
	var either []string
	if len(l.tests) > 0 {
		tests := &patternLeaf{tests: l.tests}
		if text := renderText(subject, tests); text != "false" {
			either = append(either, text)
		}
		either = append(either, renderLeaf(resourcesPath, tests))
	}
	if l.absent {
		none := &patternLeaf{absent: true}
		either = append(either, "("+renderText(subject, none)+" && "+renderLeaf(resourcesPath, none)+")")
	}
	return grouped(either, " || ")
}

// renderText returns the tests of a text as CEL. The text "" counts as missing.
func renderText(path string, l *patternLeaf) string {
	there := path + ` != ""`
	var either []string
	for _, t := range l.tests {
		for _, text := range textTest(path, t) {
			if t.pass(scalar{kind: textScalar}) && text != there {
				text = there + " && " + text
			}
			either = append(either, text)
		}
	}
	if l.absent {
		either = append(either, path+` == ""`)
	}
	if len(either) == 0 { // a text never equals a number
		return "false"
	}
	return grouped(either, " || ")
}

// textTest returns the alternatives of one test, in plain CEL if CEL has the operator.
func textTest(path string, t *leafTest) []string {
	switch t.name {
	case testNumber:
		return nil
	case testValue:
		return []string{path + ` != ""`}
	case testIn:
		return oneOf(path, t.list, " == ", path+" in ")
	case testNotIn:
		if t.list.elements[0].value.kind == numberScalar {
			return []string{path + ` != ""`}
		}
		all := oneOf(path, t.list, " != ", "!("+path+" in ")
		if len(t.list.elements) > 1 {
			all[0] += ")"
		}
		return all
	case testStarts:
		return methods(path, "startsWith", t.list)
	case testEnds:
		return methods(path, "endsWith", t.list)
	}
	return []string{renderTest(path, t)}
}

// oneOf returns the comparison with the strings of a list, nothing if the list has no strings.
func oneOf(path string, list *jsonNode, one, several string) []string {
	strs := &jsonNode{kind: jsonArray}
	for _, n := range list.elements {
		if n.value.kind == textScalar {
			strs.elements = append(strs.elements, n)
		}
	}
	switch len(strs.elements) {
	case 0:
		return nil
	case 1:
		return []string{path + one + strs.elements[0].String()}
	}
	return []string{several + strs.String()}
}

func methods(path, method string, list *jsonNode) []string {
	var all []string
	for _, n := range list.elements {
		all = append(all, path+"."+method+"("+n.String()+")")
	}
	return all
}
