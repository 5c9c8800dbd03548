package execaction

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
)

// arguments replaces the placeholders in command by values of the invocation.
func arguments(command []string, in *automate.Invocation) ([]string, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("the command is empty, expected a program and its arguments")
	}
	argv := []string{command[0]}
	options := true // no argument -- so far
	for _, constant := range command[1:] {
		name, ok := placeholder(constant)
		if !ok {
			options = options && constant != "--"
			argv = append(argv, constant)
			continue
		}
		text, ok := value(name, in)
		switch {
		case !ok:
			return nil, fmt.Errorf("the invocation has no value for %s, expected {key}, {subject}, {incident}, {runbook} or {args.NAME}", constant)
		case options && strings.HasPrefix(text, "-"):
			return nil, fmt.Errorf("%s is %q, expected no leading dash, or an argument -- before it", constant, text)
		}
		argv = append(argv, text)
	}
	return argv, nil
}

// placeholder returns the name between braces. It returns false for a constant, such as {} or a JSON document.
func placeholder(argument string) (string, bool) {
	inner, opens := strings.CutPrefix(argument, "{")
	inner, closes := strings.CutSuffix(inner, "}")
	return inner, opens && closes && inner != "" && !strings.ContainsAny(inner, "{}[]\",: \t\n")
}

// value returns the value of a placeholder. An empty value counts as missing, except in Args.
func value(name string, in *automate.Invocation) (string, bool) {
	if arg, ok := strings.CutPrefix(name, "args."); ok {
		text, ok := in.Args[arg]
		return text, ok
	}
	text := map[string]string{"key": in.Key, "subject": in.Subject, "incident": in.Incident, "runbook": in.Runbook}[name]
	return text, text != ""
}
