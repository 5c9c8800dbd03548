package route

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Facts is what rules look at. Event is required.
type Facts struct {
	Event   *event.Event
	Service Service
	Team    Team
}

// Service is what rules know of the service that an event is about. The zero Service is an unknown one.
type Service struct {
	Name  string
	Tier  int // 1 is the most important; 0: unknown
	Owner string
	Tags  []string
}

// Team is what rules know of the team that owns the event.
type Team struct {
	Name string
}

// field is one member of an object that expressions see.
type field struct {
	name string
	typ  *cel.Type
	get  func(of any) any
}

func eventFields() []field {
	of := func(get func(*event.Event) any) func(any) any {
		return func(v any) any { return get(v.(*event.Event)) }
	}
	return []field{
		{"id", cel.StringType, of(func(e *event.Event) any { return e.ID })},
		{"source", cel.StringType, of(func(e *event.Event) any { return e.Source })},
		{"type", cel.StringType, of(func(e *event.Event) any { return e.Type })},
		{"subject", cel.StringType, of(func(e *event.Event) any { return e.Subject })},
		{"signal", cel.StringType, of(func(e *event.Event) any { return e.Signal.String() })},
		{"severity", cel.IntType, of(func(e *event.Event) any { return int64(e.Severity) })},
		{"summary", cel.StringType, of(func(e *event.Event) any { return e.Summary })},
		{"time", cel.TimestampType, of(func(e *event.Event) any { return e.Time })},
		{"labels", cel.MapType(cel.StringType, cel.StringType), of(func(e *event.Event) any {
			return types.NewStringStringMap(types.DefaultTypeAdapter, e.Labels)
		})},
		{"data", cel.MapType(cel.StringType, cel.DynType), of(func(e *event.Event) any {
			return types.NewStringInterfaceMap(types.DefaultTypeAdapter, e.Data)
		})},
		{"tenant", cel.StringType, of(func(e *event.Event) any { return e.Tenant })},
		{"intake", cel.StringType, of(func(e *event.Event) any { return e.Intake })},
	}
}

func serviceFields() []field {
	of := func(get func(*Service) any) func(any) any {
		return func(v any) any { return get(v.(*Service)) }
	}
	return []field{
		{"name", cel.StringType, of(func(s *Service) any { return s.Name })},
		{"tier", cel.IntType, of(func(s *Service) any { return int64(s.Tier) })},
		{"owner", cel.StringType, of(func(s *Service) any { return s.Owner })},
		{"tags", cel.ListType(cel.StringType), of(func(s *Service) any {
			return types.NewStringList(types.DefaultTypeAdapter, s.Tags)
		})},
	}
}

func teamFields() []field {
	return []field{{"name", cel.StringType, func(v any) any { return v.(*Team).Name }}}
}

// severityWords lets rules write event.severity >= error.
func severityWords() []cel.EnvOption {
	var opts []cel.EnvOption
	for l := severity.Info; l <= severity.Critical; l++ {
		opts = append(opts, cel.Constant(l.String(), cel.IntType, types.Int(l)))
	}
	return opts
}
