package route

// textFields returns the text of an event that a field of the envelope became. It is "" where the envelope lacks the field.
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

// renderText writes the tests of a text, which counts as missing where it is "".
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
	if len(either) == 0 { // a text is no number
		return "false"
	}
	return grouped(either, " || ")
}

// textTest writes the alternatives of one test, in plain CEL where that has words for it.
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

// oneOf compares with the strings of a list, none of which gives nothing.
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
