package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// zoneFaults returns the faults of the constant time zones in an expression, as in event.time.getHours("Europe/Berlin"). Without
// this check the rule would fail on every event.
func (l *lowering) zoneFaults(id, when string) []error {
	faults := common.NewErrors(common.NewTextSource(when))
	ast.PreOrderVisit(l.tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		known := l.tree.ReferenceMap()[x.ID()]
		if known == nil || !slices.ContainsFunc(known.OverloadIDs, func(id string) bool { return strings.HasSuffix(id, "_with_tz") }) {
			return
		}
		name := x.AsCall().Args()[0]
		if zone, ok := l.constantOf(name); ok && zone.kind == kindString {
			if err := zoneFault(zone.text, findZone); err != nil {
				faults.ReportErrorAtID(name.ID(), l.tree.SourceInfo().GetStartLocation(name.ID()), "%v", err)
			}
		}
	}))
	return compileErrors(id, when, cel.NewIssues(faults))
}

// findZone looks for a time zone as cel-go does when it evaluates a rule.
func findZone(name string) error {
	zoned := types.Timestamp{}.Receive(overloads.TimeGetHours, "", []ref.Val{types.String(name)})
	if err, ok := zoned.(*types.Err); ok {
		return err
	}
	return nil
}

// zoneFault returns why a rule cannot name a time zone.
func zoneFault(name string, find func(name string) error) error {
	const common = "Europe/Berlin"
	switch err := find(name); {
	case name == "Local":
		return errors.New("the time zone Local is another one on another machine, expected a name such as " + common)
	case err == nil:
		return nil
	case strings.Contains(name, ":"): // an offset needs no database
		return fmt.Errorf("the time zone %q is unknown: %w", name, err)
	case find(common) != nil:
		return fmt.Errorf(`the time zone %q is unknown, because the machine has no zone database: import _ "time/tzdata", or install tzdata`, name)
	}
	return fmt.Errorf("the time zone %q is unknown, expected a name such as %s, or an offset such as +02:00", name, common)
}
