package route

import (
	"regexp"

	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// matching holds the matches() of one program to the limits of regular expressions, and tells what each costs: cel-go has no bounds
// for the one and a price for the other that is far too low.
type matching struct {
	limits *Limits
	sizes  map[string]int // instructions, by constant pattern
}

// decorate replaces a call of matches().
func (m *matching) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || call.Function() != overloads.Matches || len(call.Args()) != 2 {
		return i, nil
	}
	var fixed *regexp.Regexp
	if pattern, ok := call.Args()[1].(interpreter.InterpretableConst); ok {
		if text, ok := pattern.Value().(types.String); ok {
			a := atom{text: string(text)}
			if err := a.compileRegex(m.limits); err != nil {
				return nil, err
			}
			fixed = a.regex
			m.sizes[a.text], _ = types.RegexProgramSize(a.text) // it was compiled
		}
	}
	// The name keeps cel-go from replacing the call by one without limits.
	return interpreter.NewCall(call.ID(), "bounded_matches", call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
		return m.match(fixed, args)
	}), nil
}

func (m *matching) match(fixed *regexp.Regexp, args []ref.Val) ref.Val {
	text, ok := args[0].(types.String)
	pattern, isText := args[1].(types.String)
	if !ok || !isText {
		return types.NoSuchOverloadErr()
	}
	if err := checkInput(string(text), m.limits); err != nil {
		return types.WrapErr(err)
	}
	if fixed == nil {
		a := atom{text: string(pattern)}
		if err := a.compileRegex(m.limits); err != nil {
			return types.WrapErr(err)
		}
		fixed = a.regex
	}
	return types.Bool(fixed.MatchString(string(text)))
}

// cost is what a match takes at the worst, in units of what else costs: one for two instructions at one byte.
func (m *matching) cost(args []ref.Val, _ ref.Val) *uint64 {
	text, _ := args[0].(types.String)
	pattern, _ := args[1].(types.String)
	size, ok := m.sizes[string(pattern)]
	if !ok {
		size, _ = types.RegexProgramSize(string(pattern)) // 0 is for what does not compile
	}
	cost := 1 + uint64(size)*uint64(min(len(text), m.limits.Input))/2
	return &cost
}
