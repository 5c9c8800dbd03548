package severity

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Level is the severity of an alert. The zero Level means that the sender stated none; the class decides then.
type Level uint8

// The levels, mildest first: Info < Critical.
const (
	Info Level = iota + 1
	Warning
	Error
	Critical
)

var levelNames = [...]string{"", "info", "warning", "error", "critical"}

// String returns info, warning, error or critical; "" for the zero Level; Level(9) for the unknown value 9.
func (l Level) String() string { return name(levelNames[:], int(l), "Level") }

// Valid reports whether l is one of the named levels or zero.
func (l Level) Valid() bool { return int(l) < len(levelNames) }

// MarshalText returns the word of l, empty for the zero Level. An invalid l is an error.
func (l Level) MarshalText() ([]byte, error) { return marshal(levelNames[:], int(l), "severity") }

// UnmarshalText reads a word as [Parse] does. Empty text gives the zero Level. After an error l is unchanged.
func (l *Level) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = 0
		return nil
	}
	parsed, err := Parse(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

// Parse reads info, warning, error or critical. It ignores case and surrounding space. Any other word is an error, the
// empty word too.
func Parse(word string) (Level, error) {
	if i := index(levelNames[:], word); i > 0 {
		return Level(i), nil
	}
	return 0, fmt.Errorf("severity: %q is none of info, warning, error, critical", word)
}

// Grade measures impact, how much the business loses, or urgency, how fast the loss grows. The zero Grade means unknown.
type Grade uint8

// The grades, mildest first.
const (
	Low Grade = iota + 1
	Medium
	High
)

var gradeNames = [...]string{"", "low", "medium", "high"}

// String returns low, medium or high; "" for the zero Grade; Grade(9) for the unknown value 9.
func (g Grade) String() string { return name(gradeNames[:], int(g), "Grade") }

// Valid reports whether g is one of the named grades or zero.
func (g Grade) Valid() bool { return int(g) < len(gradeNames) }

// MarshalText returns the word of g, empty for the zero Grade. An invalid g is an error.
func (g Grade) MarshalText() ([]byte, error) { return marshal(gradeNames[:], int(g), "grade") }

// UnmarshalText reads low, medium or high. It ignores case and surrounding space. Empty text gives the zero Grade. After
// an error g is unchanged.
func (g *Grade) UnmarshalText(text []byte) error {
	i := index(gradeNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("severity: %q is none of low, medium, high", text)
	}
	*g = Grade(i)
	return nil
}

// Urgency returns the default urgency of an event with severity l: high for Critical, medium for Error, low for the others
// and for the zero Level. A rule may override it.
func (l Level) Urgency() Grade {
	switch l {
	case Critical:
		return High
	case Error:
		return Medium
	default:
		return Low
	}
}

// TierImpact returns the default impact of losing a service of the given tier: high for 1, medium for 2 and for 0, which
// means unknown, low for every other tier. A rule may override it.
func TierImpact(tier int) Grade {
	switch tier {
	case 1:
		return High
	case 0, 2:
		return Medium
	default:
		return Low
	}
}

// Priority orders incidents. P1 is the worst and has the smallest value. The zero Priority means none.
type Priority uint8

// The priorities. P1 and P2 are major incidents.
const (
	P1 Priority = iota + 1
	P2
	P3
	P4
	P5
)

var priorityNames = [...]string{"", "P1", "P2", "P3", "P4", "P5"}

// String returns P1 to P5; "" for the zero Priority; Priority(9) for the unknown value 9.
func (p Priority) String() string { return name(priorityNames[:], int(p), "Priority") }

// Valid reports whether p is one of P1 to P5. The zero Priority is not valid.
func (p Priority) Valid() bool { return p >= P1 && p <= P5 }

// Above reports whether p is worse than q: P1 is above P2. P1 to P5 are all above the zero Priority.
func (p Priority) Above(q Priority) bool { return p != 0 && (q == 0 || p < q) }

// MarshalText returns P1 to P5, empty for the zero Priority. Any other value is an error.
func (p Priority) MarshalText() ([]byte, error) { return marshal(priorityNames[:], int(p), "priority") }

// UnmarshalText reads P1 to P5. It ignores case and surrounding space. Empty text gives the zero Priority. After an error
// p is unchanged.
func (p *Priority) UnmarshalText(text []byte) error {
	i := index(priorityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("severity: %q is none of P1, P2, P3, P4, P5", text)
	}
	*p = Priority(i)
	return nil
}

// Matrix maps impact and urgency to a priority: m[impact-Low][urgency-Low]. So m[2][1] is the priority of high impact and
// medium urgency.
type Matrix [3][3]Priority

// DefaultMatrix returns the symmetric matrix of AWS Well-Architected OPS10-BP03:
//
//	impact \ urgency   low  medium  high
//	low                P5   P4      P3
//	medium             P4   P3      P2
//	high               P3   P2      P1
func DefaultMatrix() Matrix {
	return Matrix{
		{P5, P4, P3},
		{P4, P3, P2},
		{P3, P2, P1},
	}
}

// Priority returns the priority of impact and urgency. A zero or invalid Grade counts as Medium.
func (m *Matrix) Priority(impact, urgency Grade) Priority {
	return m[cell(impact)][cell(urgency)]
}

func cell(g Grade) int {
	if g == 0 || !g.Valid() {
		g = Medium
	}
	return int(g - Low)
}

// Validate reports every cell that is not P1 to P5, and every cell that is milder than the cell of the next lower impact or
// urgency. It joins all faults.
func (m *Matrix) Validate() error {
	var found fault.List
	for i := range m {
		for u := range m[i] {
			p := m[i][u]
			impact, urgency := Grade(i)+Low, Grade(u)+Low
			at := fault.Path{impact.String(), urgency.String()}
			if !p.Valid() {
				found.Add(at, "impact %v × urgency %v has no priority, expected P1 to P5", impact, urgency)
				continue
			}
			if i > 0 && m[i-1][u].Above(p) || u > 0 && m[i][u-1].Above(p) {
				found.Add(at, "impact %v × urgency %v is %v, milder than a lower impact or urgency gives", impact, urgency, p)
			}
		}
	}
	return found.Err()
}

func name(names []string, i int, kind string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

func marshal(names []string, i int, kind string) ([]byte, error) {
	if i < len(names) {
		return []byte(names[i]), nil
	}
	return nil, fmt.Errorf("severity: %d is not a valid %s", i, kind)
}

func index(names []string, word string) int {
	word = strings.TrimSpace(word)
	for i, n := range names {
		if strings.EqualFold(n, word) {
			return i
		}
	}
	return -1
}
