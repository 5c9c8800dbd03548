package habit_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/internal/habit"
)

func Example() {
	var watchdog habit.Habit
	at := time.Date(2026, 8, 17, 9, 0, 0, 0, time.UTC)
	for range 3 * 24 * 60 / 5 { // every five minutes for three days
		at = at.Add(5 * time.Minute)
		watchdog.Heard(at)
	}
	fmt.Println("usual:", watchdog.Usual(at))
	fmt.Println("after 9 min:", watchdog.Silent(at.Add(9*time.Minute)))
	fmt.Println("after 40 min:", watchdog.Silent(at.Add(40*time.Minute)))
	// Output:
	// usual: 5m0s
	// after 9 min: false
	// after 40 min: true
}
