// Package review has an Example that never runs.
package review
