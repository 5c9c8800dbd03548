package route

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Facts holds the input of rules. Event is required.
type Facts struct {
	Event   *event.Event
	Service Service
	Team    Team
}

// Service describes the service of the event. The zero Service means unknown.
type Service struct {
	Name  string
	Tier  int // 1 is the most important; 0: unknown
	Owner string
	Tags  []string
}

// Team describes the team that owns the event.
type Team struct {
	Name string
}

// field is a member of event, service or team in expressions.
type field struct {
	name string
	typ  *cel.Type
	read func(*Facts) value
}

func eventFields() []field {
	return []field{
		{"id", cel.StringType, func(f *Facts) value { return textValue(f.Event.ID) }},
		{"source", cel.StringType, func(f *Facts) value { return textValue(f.Event.Source) }},
		{"type", cel.StringType, func(f *Facts) value { return textValue(f.Event.Type) }},
		{"subject", cel.StringType, func(f *Facts) value { return textValue(f.Event.Subject) }},
		{"signal", cel.StringType, func(f *Facts) value { return textValue(f.Event.Signal.String()) }},
		{"severity", cel.IntType, func(f *Facts) value { return intValue(int64(f.Event.Severity)) }},
		{"summary", cel.StringType, func(f *Facts) value { return textValue(f.Event.Summary) }},
		{"time", cel.TimestampType, func(f *Facts) value { return timeValue(f.Event.Time) }},
		{"labels", cel.MapType(cel.StringType, cel.StringType), func(f *Facts) value {
			return value{kind: kindMap, raw: f.Event.Labels}
		}},
		{"data", cel.MapType(cel.StringType, cel.DynType), func(f *Facts) value {
			return value{kind: kindMap, raw: f.Event.Data}
		}},
		{"tenant", cel.StringType, func(f *Facts) value { return textValue(f.Event.Tenant) }},
		{"intake", cel.StringType, func(f *Facts) value { return textValue(f.Event.Intake) }},
	}
}

func serviceFields() []field {
	return []field{
		{"name", cel.StringType, func(f *Facts) value { return textValue(f.Service.Name) }},
		{"tier", cel.IntType, func(f *Facts) value { return intValue(int64(f.Service.Tier)) }},
		{"owner", cel.StringType, func(f *Facts) value { return textValue(f.Service.Owner) }},
		{"tags", cel.ListType(cel.StringType), func(f *Facts) value { return value{kind: kindList, raw: &f.Service.Tags} }},
	}
}

func teamFields() []field {
	return []field{{"name", cel.StringType, func(f *Facts) value { return textValue(f.Team.Name) }}}
}

// severityWords defines the constants of event.severity >= error.
func severityWords() []cel.EnvOption {
	var opts []cel.EnvOption
	for l := severity.Info; l <= severity.Critical; l++ {
		opts = append(opts, cel.Constant(l.String(), cel.IntType, types.Int(l)))
	}
	return opts
}
