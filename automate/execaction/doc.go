// Package execaction is an [automate.Action] that runs a program. There is no shell: each argument of the program is a
// constant or, as a whole, a value of the invocation. The program reads the invocation as JSON from its standard input, and
// gets only those variables of the environment that are named.
//
// On Unix the program and whatever it has started are killed when the context ends; elsewhere the program is.
//
// # Errors
//
// Exit status 0 means that it is done. What else the program ends with is final, but for 75, by which programs say that it
// may work later: the engine runs it again. What the program prints is the output, of which beginning and end are kept.
package execaction
