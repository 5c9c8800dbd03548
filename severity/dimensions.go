package severity

import (
	"fmt"
	"slices"
	"strings"
)

// Dimension is one of the ways in which an incident costs the business.
type Dimension string

// The dimensions.
const (
	Safety     Dimension = "safety"
	Money      Dimension = "money"
	Regulatory Dimension = "regulatory"
	Reputation Dimension = "reputation"
	People     Dimension = "people"
)

// Dimensions returns the dimensions in the order in which people read them.
func Dimensions() []Dimension { return []Dimension{Safety, Money, Regulatory, Reputation, People} }

// Impacts is the impact by dimension. The worst counts. A dimension that is missing is unknown.
type Impacts map[Dimension]Grade

// Worst returns the worst impact, and the first dimension that has it. It returns the zero Grade if no dimension is known.
func (i Impacts) Worst() (Dimension, Grade) {
	var of Dimension
	var worst Grade
	for _, d := range Dimensions() {
		if i[d] > worst {
			of, worst = d, i[d]
		}
	}
	return of, worst
}

// Validate reports the first unknown dimension and the first impact that is not low, medium or high.
func (i Impacts) Validate() error {
	for d, g := range i {
		switch {
		case !slices.Contains(Dimensions(), d):
			return fmt.Errorf("dimension %q, expected one of %v", d, Dimensions())
		case g == 0 || !g.Valid():
			return fmt.Errorf("impact on %s is %q, expected low, medium or high", d, g)
		}
	}
	return nil
}

// String formats i as in "safety low, money high".
func (i Impacts) String() string {
	var all []string
	for _, d := range Dimensions() {
		if g := i[d]; g != 0 {
			all = append(all, fmt.Sprintf("%s %v", d, g))
		}
	}
	return strings.Join(all, ", ")
}
