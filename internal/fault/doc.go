// Package fault says what is wrong with a value, and with which part of it. Whoever knows where the parts stand, such as the
// reader of a file, finds the place of a fault by its path and never by its words.
package fault
