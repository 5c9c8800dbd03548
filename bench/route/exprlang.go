package main

import (
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/tocsin-dev/tocsin/route"
)

// exprLinear runs expr programs one by one on one machine, against structs, which are its fastest input. Where CEL has an
// error, expr returns nil, false or an error. So its errors are not compared.
type exprLinear struct {
	programs []*vm.Program
	machine  vm.VM
}

// exprFacts is the environment of its expressions.
type exprFacts struct {
	Event   exprEvent   `expr:"event"`
	Service exprService `expr:"service"`
}

type exprEvent struct {
	Source   string            `expr:"source"`
	Type     string            `expr:"type"`
	Subject  string            `expr:"subject"`
	Severity int               `expr:"severity"`
	Labels   map[string]string `expr:"labels"`
	Data     map[string]any    `expr:"data"`
}

type exprService struct {
	Tags []string `expr:"tags"`
}

func newExpr(rules []rule) (engine, error) {
	e := &exprLinear{programs: make([]*vm.Program, len(rules))}
	for i, r := range rules {
		var err error
		if e.programs[i], err = expr.Compile(r.expr, expr.Env(&exprFacts{}), expr.AsBool()); err != nil {
			return nil, fmt.Errorf("%s: %w", r.expr, err)
		}
	}
	return e, nil
}

// take implements engine.
func (e *exprLinear) take(f *route.Facts) any {
	return &exprFacts{
		exprEvent{f.Event.Source, f.Event.Type, f.Event.Subject, int(f.Event.Severity), f.Event.Labels, doubles(f.Event.Data)},
		exprService{f.Service.Tags},
	}
}

// match implements engine.
func (e *exprLinear) match(of any) (v verdict) {
	for i, p := range e.programs {
		switch out, err := e.machine.Run(p, of); {
		case err != nil:
			v.errors++
		case out == true:
			v.matches++
			v.sum += i
		}
	}
	return v
}
