package route

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// compiler compiles the texts of rules to terms.
type compiler struct {
	*space
	env    *environment
	limits *Limits
	known  map[string]ruleTerms // by text
}

func newCompiler(env *environment, limits *Limits) *compiler {
	return &compiler{newSpace(), env, limits, make(map[string]ruleTerms)}
}

// compile checks a rule and returns its normal form.
func (c *compiler) compile(id, when string) (ruleTerms, []error) {
	if terms, ok := c.known[when]; ok {
		return terms, nil
	}
	tree, faults := c.env.check(id, when)
	if len(faults) > 0 {
		return nil, faults
	}
	l := lowering{space: c.space, env: c.env, limits: c.limits, tree: tree.NativeRep()}
	if faults := l.zoneFaults(id, when); len(faults) > 0 {
		return nil, faults
	}
	f := l.formula(l.tree.Expr(), false)
	if l.fault != nil {
		return nil, []error{&CompileError{Rule: id, Message: l.fault.Error()}}
	}
	terms := ruleTerms(c.terms(f, c.limits.Terms))
	c.known[when] = terms
	return terms, nil
}

// check parses an expression and checks its types. An expression of type dyn is accepted; it fails on events for which its value
// is no boolean.
func (e *environment) check(id, when string) (*cel.Ast, []error) {
	tree, issues := e.cel.Compile(when)
	if issues.Err() != nil {
		return nil, compileErrors(id, when, issues)
	}
	if got := tree.OutputType(); !got.IsExactType(types.BoolType) && !got.IsExactType(types.DynType) {
		return nil, []error{&CompileError{Rule: id, Line: 1, Col: 1, Message: fmt.Sprintf("is of type %s, expected bool", got)}}
	}
	return tree, nil
}
