package severity_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/severity"
)

// The default priority of an error in a service of tier 1.
func ExampleMatrix() {
	matrix := severity.DefaultMatrix()
	impact, urgency := severity.TierImpact(1), severity.Error.Urgency()
	fmt.Printf("%v: impact %v × urgency %v\n", matrix.Priority(impact, urgency), impact, urgency)
	// Output: P2: impact high × urgency medium
}

// Validate a matrix before using it.
func ExampleMatrix_Validate() {
	matrix := severity.DefaultMatrix()
	matrix[2][1] = severity.P4 // high impact, medium urgency
	fmt.Println(matrix.Validate())
	// Output: impact high × urgency medium is P4, milder than a lower impact or urgency gives
}

func ExampleParse() {
	fmt.Println(severity.Parse("Critical"))
	fmt.Println(severity.Parse("fatal"))
	// Output:
	// critical <nil>
	//  severity: "fatal" is none of info, warning, error, critical
}
