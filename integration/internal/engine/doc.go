// Package engine tests the whole engine over every store.
package engine
