package severity

import (
	"errors"
	"fmt"
	"strings"
)

// Level is the severity of an alert. The zero Level means that the sender did not say; its class decides.
type Level uint8

// The levels, mildest first, so that they compare with <.
const (
	Info Level = iota + 1
	Warning
	Error
	Critical
)

var levelNames = [...]string{"", "info", "warning", "error", "critical"}

// String returns the word of l, "" for the zero Level.
func (l Level) String() string { return name(levelNames[:], int(l), "Level") }

// Valid reports whether l is one of the named levels or zero.
func (l Level) Valid() bool { return int(l) < len(levelNames) }

// MarshalText writes the word of l. An l without a word is an error.
func (l Level) MarshalText() ([]byte, error) { return marshal(levelNames[:], int(l), "severity") }

// UnmarshalText reads a word as [Parse] does; empty text is the zero Level.
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

// Parse reads a severity word without regard to case and surrounding space.
func Parse(word string) (Level, error) {
	if i := index(levelNames[:], word); i > 0 {
		return Level(i), nil
	}
	return 0, fmt.Errorf("severity: %q is none of info, warning, error, critical", word)
}

// Grade is one axis of an assessment: impact, how much the business loses, or urgency, how fast the loss grows. The zero
// Grade means that nobody has said.
type Grade uint8

// The grades, mildest first.
const (
	Low Grade = iota + 1
	Medium
	High
)

var gradeNames = [...]string{"", "low", "medium", "high"}

// String returns the word of g, "" for the zero Grade.
func (g Grade) String() string { return name(gradeNames[:], int(g), "Grade") }

// Valid reports whether g is one of the named grades or zero.
func (g Grade) Valid() bool { return int(g) < len(gradeNames) }

// MarshalText writes the word of g. A g without a word is an error.
func (g Grade) MarshalText() ([]byte, error) { return marshal(gradeNames[:], int(g), "grade") }

// UnmarshalText reads low, medium, high or nothing, without regard to case.
func (g *Grade) UnmarshalText(text []byte) error {
	i := index(gradeNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("severity: %q is none of low, medium, high", text)
	}
	*g = Grade(i)
	return nil
}

// Urgency is the urgency that a severity means when no rule says otherwise: critical high, error medium, the rest low.
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

// TierImpact is the impact of losing a service of the tier: 1 high, 2 medium, 3 and beyond low, 0 (unknown) medium.
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

// Priority orders incidents. P1 is the worst and compares as the smallest; the zero Priority means none.
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

// String returns P1 to P5, "" for the zero Priority.
func (p Priority) String() string { return name(priorityNames[:], int(p), "Priority") }

// Valid reports whether p is one of P1 to P5.
func (p Priority) Valid() bool { return p >= P1 && p <= P5 }

// Above reports whether p is worse than q, that is, served before it. Every priority is above none.
func (p Priority) Above(q Priority) bool { return p != 0 && (q == 0 || p < q) }

// MarshalText writes P1 to P5, or nothing for the zero Priority.
func (p Priority) MarshalText() ([]byte, error) { return marshal(priorityNames[:], int(p), "priority") }

// UnmarshalText reads P1 to P5, or nothing, without regard to case.
func (p *Priority) UnmarshalText(text []byte) error {
	i := index(priorityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("severity: %q is none of P1, P2, P3, P4, P5", text)
	}
	*p = Priority(i)
	return nil
}

// Matrix gives the priority of an impact (first index) and an urgency (second), both counted from Low.
type Matrix [3][3]Priority

// DefaultMatrix is the symmetric matrix of AWS Well-Architected OPS10-BP03: both high P1, high and medium P2, high and low
// or both medium P3, medium and low P4, both low P5.
func DefaultMatrix() Matrix {
	return Matrix{
		{P5, P4, P3},
		{P4, P3, P2},
		{P3, P2, P1},
	}
}

// Priority looks up a cell. A zero Grade counts as Medium, as does one that is not valid.
func (m *Matrix) Priority(impact, urgency Grade) Priority {
	return m[cell(impact)][cell(urgency)]
}

func cell(g Grade) int {
	if g == 0 || !g.Valid() {
		g = Medium
	}
	return int(g - Low)
}

// Validate reports every cell without a priority and every place where a higher impact or urgency would lower the priority.
func (m *Matrix) Validate() error {
	var errs []error
	for i := range m {
		for u := range m[i] {
			p := m[i][u]
			impact, urgency := Grade(i)+Low, Grade(u)+Low
			if !p.Valid() {
				errs = append(errs, fmt.Errorf("severity: matrix: impact %v × urgency %v has no priority, expected P1 to P5", impact, urgency))
				continue
			}
			if i > 0 && m[i-1][u].Above(p) || u > 0 && m[i][u-1].Above(p) {
				errs = append(errs, fmt.Errorf("severity: matrix: impact %v × urgency %v is %v, milder than a lower impact or urgency gives", impact, urgency, p))
			}
		}
	}
	return errors.Join(errs...)
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
	return nil, fmt.Errorf("severity: there is no %s %d", kind, i)
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
