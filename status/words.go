package status

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/line"
)

// ago formats how long something has lasted, in one unit: "95 s", "4 min", "3 h" or "5 d".
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " d"
}

// left formats how long until something happens. Seconds are given below two minutes only: "1 min 40 s".
func left(d time.Duration) string {
	if minute := d.Truncate(time.Second); minute >= time.Minute && minute < 2*time.Minute {
		return strings.TrimSuffix("1 min "+ago(minute-time.Minute), " 0 s")
	}
	return ago(d)
}

// clock formats an instant near now, in its zone: "14:07", "Mon 09:00" or "2 Jan 09:00".
func clock(at, now time.Time) string {
	at = at.In(now.Location())
	switch days := at.Sub(now).Abs(); {
	case at.YearDay() == now.YearDay() && days < 48*time.Hour:
		return at.Format("15:04")
	case days < 7*24*time.Hour && at.Weekday() != now.Weekday():
		return at.Format("Mon 15:04")
	}
	return at.Format("2 Jan 15:04")
}

// count formats a number in a sentence, as a word up to ten.
func count(n int) string {
	if words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}; n >= 0 && n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// capital returns a text with a capital at its beginning.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return strings.ToUpper(string(r)) + text[size:]
}

// clip shortens a text to a number of characters, as one line.
func clip(text string, most int) string {
	text = strings.TrimSpace(line.Of(text))
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:most-1]), " .,:;") + "…"
}

// people lists at most three names: "ana", "ana and ben", "ana, ben and 4 others".
func people(names []string) string {
	const most = 3
	short := make([]string, 0, most)
	for _, n := range names {
		short = append(short, clip(n, 20))
	}
	switch {
	case len(short) == 0:
		return ""
	case len(short) == 1:
		return short[0]
	case len(short) <= most:
		return strings.Join(short[:len(short)-1], ", ") + " and " + short[len(short)-1]
	}
	return strings.Join(short[:most-1], ", ") + " and " + strconv.Itoa(len(short)-most+1) + " others"
}

// plural formats a number of things.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// verb returns the form of a verb whose subject the list is.
func verb[T any](subject []T, one, many string) string {
	if len(subject) == 1 {
		return one
	}
	return many
}

// tight keeps a number and its unit on one line.
func tight(sentence string) string {
	words := strings.Split(sentence, " ")
	for k := len(words) - 1; k > 0; k-- {
		if _, err := strconv.Atoi(words[k-1]); err == nil {
			words[k-1] += "\u00a0" + words[k]
			words = append(words[:k], words[k+1:]...)
		}
	}
	return strings.ReplaceAll(strings.Join(words, " "), " them P1", "\u00a0them\u00a0P1")
}
