package route

import (
	"cmp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// Limits bound what a rule may cost. nil and zero fields mean the defaults. A rule that is over a limit of its text is refused,
// one that goes over another limit on an event errs; either names the limit.
type Limits struct {
	Source  int    // characters of an expression; defaults to 8,192
	Terms   int    // of the normal form of a rule, beyond which parts of it are evaluated as they stand; defaults to 32
	Pattern int    // bytes of a regular expression; defaults to 1,024
	Program int    // instructions that a regular expression compiles to; defaults to 200
	Input   int    // bytes of a text that a regular expression is matched against; defaults to 4,096
	Cost    uint64 // CEL cost units of one evaluation of a loop that is left to cel-go; defaults to 100,000
	Memory  uint32 // CEL memory units of the same, each a value or four bytes of a text; defaults to 1,000,000
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

// How the memory of values is counted.
const (
	maxDepth   = 1_000 // as deep may a value nest that an expression takes as a whole
	unitLength = 4     // bytes of a text that count as much as a number
)

// options plans a program of cel-go under the limits. Where it has loops, cost and memory are counted; one without the other is no
// limit: cost does not see how large a text becomes that is doubled again and again, memory not how often a loop turns.
func (l *Limits) options(loops bool) []cel.ProgramOption {
	m := &matching{l, make(map[string]int)}
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(m.decorate)}
	if !loops {
		return opts
	}
	size := types.NewSizeCalculator( // whose own bounds make more of a large value than any limit allows
		types.SizeCalculatorMaxTraversal(int(l.Memory)), types.SizeCalculatorMaxDepth(maxDepth),
		types.SizeCalculatorStringUnitLength(unitLength))
	return append(opts,
		cel.CostLimit(l.Cost), cel.MemoryLimit(l.Memory),
		cel.CostTrackerOptions(cost.OverloadTracker(overloads.Matches, m.cost), cost.OverloadTracker(overloads.MatchesString, m.cost)),
		cel.MemoryTracking(types.MemoryTrackerSizeCalculator(size), types.MemoryTrackerSampleInterval(256)))
}
