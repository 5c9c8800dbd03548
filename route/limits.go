package route

import (
	"cmp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// Limits bound the cost of rules. A nil Limits and zero fields mean the defaults. A rule whose text exceeds Source, Pattern or
// Program does not compile. A rule that exceeds Input, Cost or Memory on an event fails on that event. Both errors name the
// limit.
type Limits struct {
	Source  int    // characters of an expression; defaults to 8,192
	Terms   int    // terms of a rule's normal form; parts beyond it are evaluated unindexed; defaults to 32
	Pattern int    // bytes of a regular expression; defaults to 1,024
	Program int    // instructions of a compiled regular expression; defaults to 200
	Input   int    // bytes of the input of a regular expression; defaults to 4,096
	Cost    uint64 // CEL cost units of one evaluation of a loop or of functions on texts by cel-go; defaults to 100,000
	Memory  uint32 // CEL memory units of such an evaluation, each a value or four bytes of text; defaults to 1,000,000
}

func (l *Limits) withDefaults() *Limits {
	if l == nil {
		l = &Limits{}
	}
	return &Limits{
		Source: positive(l.Source, 8<<10), Terms: positive(l.Terms, 32),
		Pattern: positive(l.Pattern, 1<<10), Program: positive(l.Program, 200), Input: positive(l.Input, 4<<10),
		Cost: cmp.Or(l.Cost, 100_000), Memory: cmp.Or(l.Memory, 1_000_000),
	}
}

func positive(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// Parameters of the memory count.
const (
	maxDepth   = 1_000 // deepest nesting of a value
	unitLength = 4     // bytes of text per memory unit
)

// options returns the options of a cel-go program under the limits. A program with loops, or with functions that make texts, counts
// cost and memory. Both are needed: cost does not bound the size of a text that a loop doubles, and memory does not bound the number
// of iterations.
func (l *Limits) options(env *cel.Env, counts bool) []cel.ProgramOption {
	m, t := &matching{l, make(map[string]int)}, &textBounds{env, l}
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(m.decorate), cel.CustomDecoratorV2(t.decorate)}
	if !counts {
		return opts
	}
	size := types.NewSizeCalculator( // its default bounds overestimate large values beyond any limit
		types.SizeCalculatorMaxTraversal(int(l.Memory)), types.SizeCalculatorMaxDepth(maxDepth),
		types.SizeCalculatorStringUnitLength(unitLength))
	return append(opts,
		cel.CostLimit(l.Cost), cel.MemoryLimit(l.Memory),
		cel.CostTrackerOptions(cost.OverloadTracker(overloads.Matches, m.cost), cost.OverloadTracker(overloads.MatchesString, m.cost),
			cost.OverloadTracker(jsonFunction, jsonCost)),
		cel.MemoryTracking(types.MemoryTrackerSizeCalculator(size), types.MemoryTrackerSampleInterval(256)))
}
