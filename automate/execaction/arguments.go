package execaction

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
)

// arguments fills the values of the invocation into the command.
func arguments(command []string, in *automate.Invocation) ([]string, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("there is no command, expected a program and its arguments")
	}
	argv := []string{command[0]}
	options := true // may still be among the arguments
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
			return nil, fmt.Errorf("the invocation has no %s, expected {key}, {subject}, {incident}, {runbook} or {args.NAME} that it has", constant)
		case options && strings.HasPrefix(text, "-"):
			return nil, fmt.Errorf("%s is %q, expected no dash at its beginning, or an argument -- before it", constant, text)
		}
		argv = append(argv, text)
	}
	return argv, nil
}

// placeholder returns the name between braces; false for a constant, such as {} or a document in JSON.
func placeholder(argument string) (string, bool) {
	inner, opens := strings.CutPrefix(argument, "{")
	inner, closes := strings.CutSuffix(inner, "}")
	return inner, opens && closes && inner != "" && !strings.ContainsAny(inner, "{}[]\",: \t\n")
}

// value returns what the invocation has under the name. An empty text is none, but of an argument.
func value(name string, in *automate.Invocation) (string, bool) {
	if arg, ok := strings.CutPrefix(name, "args."); ok {
		text, ok := in.Args[arg]
		return text, ok
	}
	text := map[string]string{"key": in.Key, "subject": in.Subject, "incident": in.Incident, "runbook": in.Runbook}[name]
	return text, text != ""
}
