package oncall

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

// walked maps every local minute of a zone to the first instant with that local time, or to the end of the gap that skips it. It
// is computed by trying every minute.
type walked struct {
	from         int64 // wall minute of index 0
	shown, after []int64
}

// walk uses neither offsets nor transitions: it asks for the local time of every minute.
func walk(zone *time.Location, from, to time.Time) walked {
	size := to.Sub(from)/time.Minute + 2*2*24*60
	w := walked{
		from:  from.Unix()/60 - 2*24*60,
		shown: make([]int64, size),
		after: make([]int64, size),
	}
	var last int64
	for instant := from.Unix(); instant < to.Unix(); instant += 60 {
		local := time.Unix(instant, 0).In(zone)
		year, month, day := local.Date()
		hour, minute, _ := local.Clock()
		now := time.Date(year, month, day, hour, minute, 0, 0, time.UTC).Unix()/60 - w.from
		if w.shown[now] == 0 {
			w.shown[now] = instant
		}
		for skipped := last + 1; last != 0 && skipped < now; skipped++ {
			w.after[skipped] = instant
		}
		last = now
	}
	return w
}

// check compares every minute with firstShown, except near the borders of the walk, and returns the number of skipped minutes.
func (w walked) check(t *testing.T, zone *time.Location) (gaps int) {
	t.Helper()
	const border = 4 * 24 * 60
	for i := border; i < len(w.shown)-border; i++ {
		want := w.shown[i]
		if want == 0 {
			want = w.after[i]
			gaps++
		}
		wall := time.Unix((w.from+int64(i))*60, 0).UTC()
		if got := firstShown(wall, zone); got.Unix() != want {
			t.Fatalf("%v: clocks show %v first at %v, got %v",
				zone, wall.Format(time.DateTime), time.Unix(want, 0).UTC(), got.UTC())
		}
	}
	return gaps
}

func TestWallClocksAgreeWithAMinuteWalk(t *testing.T) {
	for _, c := range []struct {
		zone string
		year int
		gaps int // minutes that the zone skips in the year from July on
	}{
		{"UTC", 2024, 0},
		{"Asia/Kathmandu", 2024, 0},
		{"Asia/Kathmandu", 1985, 15}, // from +05:30 to +05:45
		{"Europe/Berlin", 2026, 60},
		{"Europe/Berlin", 2052, 60}, // beyond the listed transitions, with a leap year
		{"Africa/Cairo", 2052, 60},
		{"Europe/Berlin", 1946, 2 * 60}, // two steps of summer time in 1947
		{"America/New_York", 2026, 60},
		{"Australia/Lord_Howe", 2026, 30},
		{"America/Sao_Paulo", 2017, 60},    // skips midnight
		{"Pacific/Apia", 2011, 24*60 + 60}, // skips 2011-12-30
		{"Africa/Cairo", 2024, 60},         // skips midnight
		{"Asia/Beirut", 2025, 60},          // skips midnight
	} {
		t.Run(fmt.Sprint(c.zone, " ", c.year), func(t *testing.T) {
			zone := location(t, c.zone)
			from := time.Date(c.year, 7, 1, 0, 0, 0, 0, time.UTC)
			gaps := walk(zone, from, from.AddDate(1, 0, 0)).check(t, zone)
			require.Equal(t, c.gaps, gaps, "minutes that the clocks skip")
		})
	}
}

// With TOCSIN_LONG=1, the test visits every zone of the machine's tzdata over five years, and over two years far ahead.
func TestWallClocksOfAllZones(t *testing.T) {
	if os.Getenv("TOCSIN_LONG") == "" {
		t.Skip("SKIPPED, not tested: every zone of this machine; TOCSIN_LONG is unset, so only the zones of TestWallClocksAgreeWithAMinuteWalk are")
	}
	zones := 0
	err := fs.WalkDir(os.DirFS("/usr/share/zoneinfo"), ".", func(name string, entry fs.DirEntry, err error) error {
		if name == "posix" || name == "right" { // the same zones, and zones with leap seconds
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || strings.HasPrefix(name, "posix") {
			return err
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil // a table, not a zone
		}
		zones++
		for year, years := range map[int]int{2024: 5, 2052: 2} {
			from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			walk(zone, from, from.AddDate(years, 0, 0)).check(t, zone)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, zones, 300, "tzdata is not installed")
	t.Logf("%d zones", zones)
}
