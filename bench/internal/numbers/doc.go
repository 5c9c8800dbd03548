// Package numbers is a flag that benchmarks share.
package numbers
