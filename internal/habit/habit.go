package habit

import "time"

const (
	day    = 24 * time.Hour
	days   = 8               // that are remembered: a week, and the day of which the next is alike
	breath = time.Minute     // what is said within it is said in one breath
	enough = 10              // breaths from which on a habit is known
	least  = 5 * time.Minute // no shorter silence is unusual
)

// Habit is what is known of one speaker. The zero Habit knows nothing. It has a fixed size and is not safe for concurrent use.
type Habit struct {
	first, last time.Time
	breath      time.Time // when the latest breath began
	breaths     int
	latest      int                 // day of the latest silence, counted from first
	silences    [days]time.Duration // the longest that ended on each day; the place of a day is its remainder
}

// Heard learns that the speaker spoke at an instant. Everything is learned anew after eight days of silence, and if the instant is more
// than a breath before the last one: the clock has gone back.
func (h *Habit) Heard(at time.Time) {
	silence := at.Sub(h.last)
	if h.first.IsZero() || silence < -breath || silence >= days*day {
		*h = Habit{first: at, last: at, breath: at, breaths: 1}
		return
	}
	today := int(at.Sub(h.first) / day)
	for k := max(h.latest+1, today-days+1); k <= today; k++ {
		h.silences[k%days] = 0
	}
	h.latest = max(h.latest, today)
	if place := h.latest % days; silence > h.silences[place] {
		h.silences[place] = silence
	}
	if at.Sub(h.breath) >= breath {
		h.breath = at
		h.breaths = min(h.breaths+1, enough)
	}
	h.last = at
}

// Last returns when the speaker last spoke; zero: never.
func (h *Habit) Last() time.Time { return h.last }

// Usual returns the longest silence of the last eight days that has ended. It is zero while no habit is known: for a day, until the
// speaker has spoken in ten breaths, and once it has been silent for eight days.
func (h *Habit) Usual(now time.Time) (longest time.Duration) {
	if h.last.Sub(h.first) < day || h.breaths < enough || h.Forgotten(now) {
		return 0
	}
	oldest := int(now.Sub(h.first)/day) - days + 1
	for k := max(0, oldest, h.latest-days+1); k <= h.latest; k++ {
		longest = max(longest, h.silences[k%days])
	}
	return longest
}

// Forgotten reports whether the speaker has been silent for so long that nothing is known of it any more.
func (h *Habit) Forgotten(now time.Time) bool { return now.Sub(h.last) >= days*day }

// Silent reports whether the speaker has been silent for more than twice as long as usual, and for more than five minutes.
func (h *Habit) Silent(now time.Time) bool {
	usual := h.Usual(now)
	return usual > 0 && now.Sub(h.last) > max(2*usual, least)
}
