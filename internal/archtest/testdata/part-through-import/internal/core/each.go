package core

import "slices"

// each gets the state of a part back from another package.
func each(all []*alertsState) {
	for s := range slices.Values(all) {
		s.fold()
	}
}
