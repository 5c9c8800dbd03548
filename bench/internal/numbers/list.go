package numbers

import (
	"fmt"
	"strconv"
	"strings"
)

// List is a flag of positive numbers, separated by commas: "10,100,1000".
type List []int

// Set implements flag.Value.
func (l *List) Set(text string) error {
	*l = nil
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return fmt.Errorf("%q, expected numbers from 1 with commas between them", part)
		}
		*l = append(*l, n)
	}
	return nil
}

// Fill sets the defaults if the flag was not given.
func (l *List) Fill(defaults ...int) {
	if *l == nil {
		*l = defaults
	}
}
