package main

import "github.com/tocsin-dev/tocsin/route"

// ours is a table of package route.
type ours struct{ table *route.Table[int] }

func newOurs(rules []rule) (engine, error) {
	table, err := route.Compile(ourRules(rules), nil)
	if err != nil {
		return nil, err
	}
	return &ours{table}, nil
}

func ourRules(rules []rule) []route.Rule[int] {
	all := make([]route.Rule[int], len(rules))
	for i, r := range rules {
		all[i] = route.Rule[int]{ID: r.id, When: r.cel, Then: i}
	}
	return all
}

// take implements engine. The table matches facts as they are.
func (o *ours) take(f *route.Facts) any { return f }

// match implements engine.
func (o *ours) match(of any) verdict {
	res := o.table.All(of.(*route.Facts))
	v := verdict{matches: res.MatchCount(), errors: res.ErrorCount()}
	for m := range res.Matches() {
		v.sum += m.Then
	}
	return v
}
