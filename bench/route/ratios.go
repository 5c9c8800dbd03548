package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// claim is a figure that depends little on the machine. It is printed beside its target; no program judges it.
type claim struct {
	what   string
	of     key
	per    key // the zero key: of is not divided
	figure func(figures) float64
	unit   string
	target string
}

// cpuNs is used for ratios: other work on the machine affects it less than clock time.
func cpuNs(f figures) float64  { return f.CPU }
func allocs(f figures) float64 { return f.Allocs }
func heapOf(f figures) float64 { return f.Heap }

// oursAt returns the key of our engine on decoded events.
func oursAt(rules int, mix string) key { return key{"tocsin", rules, "struct", mix} }

func claims() []claim {
	const k = 1000
	return []claim{
		{"cel-go / tocsin, full, 10,000 rules", key{"cel-go", 10 * k, "struct", "full"}, oursAt(10*k, "full"), cpuNs, "×", "≥ 1,000×"},
		{"cel-go / tocsin, full, 10,000 rules, from JSON", key{"cel-go", 10 * k, "json", "full"}, key{"tocsin", 10 * k, "json", "full"}, cpuNs, "×", "-"},
		{"expr / tocsin, full, 10,000 rules", key{"expr", 10 * k, "struct", "full"}, oursAt(10*k, "full"), cpuNs, "×", "-"},
		{"allocations, native, 10,000 rules", oursAt(10*k, "native"), key{}, allocs, "", "0"},
		{"heap per rule, full, 10,000 rules", oursAt(10*k, "full"), key{}, heapOf, " B", "≤ 500 B"},
		{"growth, full, 1,000 to 10,000 rules", oursAt(10*k, "full"), oursAt(k, "full"), cpuNs, "×", "≤ 3×"},
		{"growth, full, 1,000 to 100,000 rules", oursAt(100*k, "full"), oursAt(k, "full"), cpuNs, "×", "≤ 8×"},
		{"growth, pairs, 1,000 to 100,000 rules", oursAt(100*k, "pairs"), oursAt(k, "pairs"), cpuNs, "×", "≤ 4×"},
		{"tocsin / alertmanager, labels, 10 rules", oursAt(10, "labels"), key{"alertmanager", 10, "struct", "labels"}, cpuNs, "×", "≤ 1×"},
		{"tocsin / alertmanager, matchers, 10 rules", oursAt(10, "matchers"), key{"alertmanager", 10, "struct", "matchers"}, cpuNs, "×", "-"},
		{"alertmanager / tocsin, labels, 1,000 rules", key{"alertmanager", k, "struct", "labels"}, oursAt(k, "labels"), cpuNs, "×", "≥ 10×"},
		{"adversarial / full, 10,000 rules", oursAt(10*k, "adversarial"), oursAt(10*k, "full"), cpuNs, "×", "≤ 10×"},
		{"dimensions / full, 10,000 rules", oursAt(10*k, "dimensions"), oursAt(10*k, "full"), cpuNs, "×", "-"},
	}
}

// printClaims prints the value and the target of each claim that was measured.
func printClaims(to io.Writer, measured map[key]figures) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "claim\tvalue\ttarget")
	for _, c := range claims() {
		of, ok := measured[c.of]
		if !ok {
			continue
		}
		value := c.figure(of)
		if c.per != (key{}) {
			per, ok := measured[c.per]
			if !ok {
				continue
			}
			value /= c.figure(per)
		}
		fmt.Fprintf(w, "%s\t%.2f%s\t%s\n", c.what, value, c.unit, c.target)
	}
	return w.Flush()
}
