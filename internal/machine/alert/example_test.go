package alert_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/internal/machine/alert"
)

func ExampleAlert() {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	said := func(after time.Duration, summary string) alert.Facts {
		return alert.Facts{Summary: summary, Time: noon.Add(after), Received: noon.Add(after)}
	}
	terms := alert.Terms{Reopen: time.Hour}

	var disk alert.Alert
	fmt.Println(disk.Trigger(said(0, "disk 91% full"), terms) == alert.Opened)
	fmt.Println(disk.Trigger(said(time.Minute, "disk 95% full"), terms) == alert.Repeated)
	fmt.Println(disk.State, disk.Count, disk.First.Summary, "→", disk.Latest.Summary)

	fmt.Println(disk.Resolve(said(5*time.Minute, ""), terms) == alert.Ended)
	fmt.Println(disk.State, disk.Reason, disk.Ended.Format(time.TimeOnly))

	fmt.Println(disk.Trigger(said(10*time.Minute, "disk 96% full"), terms) == alert.Reopened)
	// Output:
	// true
	// true
	// firing 2 disk 91% full → disk 95% full
	// true
	// resolved signal 12:05:00
	// true
}
