package incident_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
)

func ExampleEntry_Line() {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	entry := incident.Entry{At: noon.Add(90 * time.Minute), Word: incident.WordAcknowledged, Said: incident.Said{By: "ana", Text: "slack"}, Actor: "ana"}
	fmt.Println(entry.Line(noon))
	// Output: +1h30m  acknowledged  via slack  by ana
}
