// Package line makes texts from outside safe to show to people. A sender cannot begin a line with them, move a cursor, colour a terminal,
// hide or reverse text, or draw over the lines around.
package line
