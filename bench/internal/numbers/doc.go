// Package numbers is a flag.Value for lists of positive numbers, shared by the benchmarks.
package numbers
