// Package automatetest holds an [automate.Action] to the rules of that port. Its author says in a [Harness] how to look at
// the outside that the action acts upon, and how to break it; the suite calls the action and compares.
//
// The rules are those numbered in the comment of [automate.Action], and a failure quotes the one that is broken. What a
// harness cannot do is left out: with an action alone, the suite can tell little.
package automatetest
