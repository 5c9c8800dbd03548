package catalog

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/severity"
)

func matrixForm() field[document] {
	type row = [3]severity.Priority
	grades := []severity.Grade{severity.High, severity.Medium, severity.Low}
	var cells []field[row]
	for _, g := range grades {
		cells = append(cells, key(g.String(), fmt.Sprintf("At %v urgency.", g),
			func(r *row) *severity.Priority { return &r[g-1] }, priorityForm()))
	}
	of := mapping("Priorities", "the priorities of {high, medium, low} urgency", true, cells...)
	var rows []field[severity.Matrix]
	for _, g := range grades {
		rows = append(rows, key(g.String(), fmt.Sprintf("At %v impact.", g), func(m *severity.Matrix) *row { return &m[g-1] }, of))
	}
	return key("matrix", "The priority of an impact and, within it, an urgency. Without it: high and high is P1, low and low P5.",
		func(d *document) *severity.Matrix { return &d.Matrix },
		mapping("Matrix", "a mapping of {high, medium, low} impact to priorities", false, rows...))
}

func checkMatrix(c *checker) {
	if c.out.matrix = c.Matrix; c.Matrix == (severity.Matrix{}) {
		c.out.matrix = severity.DefaultMatrix()
	}
	c.each(spot{"matrix", fault.Path{"matrix"}}, c.out.matrix.Validate())
}
