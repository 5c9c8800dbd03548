package numbers

import (
	"fmt"
	"strconv"
	"strings"
)

// List is a flag of positive numbers with commas between them.
type List []int

// Set reads the flag.
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

// Fill gives what was not given.
func (l *List) Fill(defaults ...int) {
	if *l == nil {
		*l = defaults
	}
}
