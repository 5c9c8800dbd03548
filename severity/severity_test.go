package severity

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultMatrix(t *testing.T) {
	for _, c := range []struct {
		impact, urgency Grade
		want            Priority
	}{
		{High, High, P1},
		{High, Medium, P2},
		{Medium, High, P2},
		{High, Low, P3},
		{Medium, Medium, P3},
		{Low, High, P3},
		{Medium, Low, P4},
		{Low, Medium, P4},
		{Low, Low, P5},
		{0, High, P2}, // an unknown grade counts as medium
		{Low, 0, P4},
		{0, 0, P3},
	} {
		t.Run(fmt.Sprintf("impact %v urgency %v", c.impact, c.urgency), func(t *testing.T) {
			m := DefaultMatrix()
			require.Equal(t, c.want, m.Priority(c.impact, c.urgency))
		})
	}
}

func TestAMatrixIsTotalAndNeverFalls(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Matrix)
		want   string
	}{
		{"the default", func(*Matrix) {}, ""},
		{"all the same", func(m *Matrix) { *m = Matrix{{P3, P3, P3}, {P3, P3, P3}, {P3, P3, P3}} }, ""},
		{"not symmetric", func(m *Matrix) { m[0][2] = P4 }, ""},
		{
			"a hole", func(m *Matrix) { m[1][2] = 0 },
			"impact medium × urgency high has no priority, expected P1 to P5",
		},
		{
			"a priority that does not exist", func(m *Matrix) { m[0][0] = 6 },
			"impact low × urgency low has no priority, expected P1 to P5",
		},
		{
			"milder with more impact", func(m *Matrix) { m[2][2] = P3 },
			"impact high × urgency high is P3, milder than a lower impact or urgency gives",
		},
		{
			"milder with more urgency", func(m *Matrix) { m[0][1] = P1; m[1][1] = P1; m[2][1] = P1 },
			"impact low × urgency high is P3, milder than a lower impact or urgency gives\n" +
				"impact medium × urgency high is P2, milder than a lower impact or urgency gives",
		},
		{
			"everything at once", func(m *Matrix) { m[0][0] = 0; m[2][2] = P5 },
			"impact low × urgency low has no priority, expected P1 to P5\n" +
				"impact high × urgency high is P5, milder than a lower impact or urgency gives",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := DefaultMatrix()
			c.change(&m)
			err := m.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

// The test visits every matrix that differs from the default in two cells. Validate accepts a matrix if and only if more
// impact or more urgency never gives a milder priority.
func TestValidateAgreesWithEveryPairOfCells(t *testing.T) {
	for cells := range 81 {
		for priorities := range 36 {
			m := DefaultMatrix()
			m[cells/27][cells/9%3] = Priority(priorities / 6)
			m[cells/3%3][cells%3] = Priority(priorities % 6)

			sound := true
			for a := range 9 {
				for b := range 9 {
					low, high := m[a/3][a%3], m[b/3][b%3]
					if low == 0 || a/3 <= b/3 && a%3 <= b%3 && low < high {
						sound = false
					}
				}
			}
			require.Equal(t, sound, m.Validate() == nil, "%v", m)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		word string
		want Level
		err  string
	}{
		{word: "info", want: Info},
		{word: "warning", want: Warning},
		{word: "error", want: Error},
		{word: "critical", want: Critical},
		{word: "CRITICAL", want: Critical},
		{word: " Error\n", want: Error},
		{word: "", err: `severity: "" is none of info, warning, error, critical`},
		{word: " ", err: `severity: " " is none of info, warning, error, critical`},
		{word: "ok", err: `severity: "ok" is none of info, warning, error, critical`},
		{word: "warn", err: `severity: "warn" is none of info, warning, error, critical`},
		{word: "P1", err: `severity: "P1" is none of info, warning, error, critical`},
	} {
		t.Run(c.word, func(t *testing.T) {
			got, err := Parse(c.word)
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
		})
	}
}

type scales struct {
	Level    Level
	Grade    Grade
	Priority Priority
}

func TestTextRoundTrip(t *testing.T) {
	for i := range 6 {
		in := scales{Level(i % 5), Grade(i % 4), Priority(i)}
		t.Run(fmt.Sprint(in), func(t *testing.T) {
			text, err := json.Marshal(in)
			require.NoError(t, err)
			var out scales
			require.NoError(t, json.Unmarshal(text, &out))
			require.Equal(t, in, out)
		})
	}
}

func TestUnmarshalText(t *testing.T) {
	for _, c := range []struct {
		text string
		want scales
		err  string
	}{
		{text: `{"Level":"Warning","Grade":"HIGH","Priority":"p2"}`, want: scales{Warning, High, P2}},
		{text: `{"Level":"","Grade":"","Priority":""}`},
		{text: `{"Level":"fatal"}`, err: `severity: "fatal" is none of info, warning, error, critical`},
		{text: `{"Grade":"huge"}`, err: `severity: "huge" is none of low, medium, high`},
		{text: `{"Priority":"SEV1"}`, err: `severity: "SEV1" is none of P1, P2, P3, P4, P5`},
		{text: `{"Priority":"P0"}`, err: `severity: "P0" is none of P1, P2, P3, P4, P5`},
	} {
		t.Run(c.text, func(t *testing.T) {
			var got scales
			err := json.Unmarshal([]byte(c.text), &got)
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
		})
	}
}

func TestAnUnreadableWordChangesNothing(t *testing.T) {
	got := scales{Critical, High, P1}
	assert.Error(t, got.Level.UnmarshalText([]byte("x")))
	assert.Error(t, got.Grade.UnmarshalText([]byte("x")))
	assert.Error(t, got.Priority.UnmarshalText([]byte("x")))
	assert.Equal(t, scales{Critical, High, P1}, got)
}

func TestNumbersWithoutAWord(t *testing.T) {
	level, grade, priority := Level(5), Grade(4), Priority(6)
	assert.Equal(t, "Level(5) Grade(4) Priority(6)", fmt.Sprint(level, grade, priority))
	assert.False(t, level.Valid() || grade.Valid() || priority.Valid())
	_, err := level.MarshalText()
	assert.EqualError(t, err, "severity: 5 is not a valid severity")
	_, err = grade.MarshalText()
	assert.EqualError(t, err, "severity: 4 is not a valid grade")
	_, err = priority.MarshalText()
	assert.EqualError(t, err, "severity: 6 is not a valid priority")
}

func TestZeroIsAValidSeverityAndGradeButNoPriority(t *testing.T) {
	assert.True(t, Level(0).Valid())
	assert.True(t, Grade(0).Valid())
	assert.False(t, Priority(0).Valid())
	assert.True(t, Critical.Valid() && High.Valid() && P1.Valid() && P5.Valid())
}

func TestDefaultsOfAnAssessment(t *testing.T) {
	for level, want := range map[Level]Grade{0: Low, Info: Low, Warning: Low, Error: Medium, Critical: High} {
		assert.Equal(t, want, level.Urgency(), "urgency of %v", level)
	}
	for tier, want := range map[int]Grade{0: Medium, 1: High, 2: Medium, 3: Low, 4: Low} {
		assert.Equal(t, want, TierImpact(tier), "impact of tier %d", tier)
	}
}

func TestAboveIsAnOrderWithNoneAtTheEnd(t *testing.T) {
	worstFirst := []Priority{P1, P2, P3, P4, P5, 0}
	for i, p := range worstFirst {
		for j, q := range worstFirst {
			assert.Equal(t, i < j, p.Above(q), "%q above %q", p, q)
		}
	}
}
