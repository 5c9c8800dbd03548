// Package automatetest tests an [automate.Action] against the numbered rules of that port. You write a [Harness], which connects
// the action to a fake of the system that it changes. The harness observes and breaks this system; the suite calls the action.
//
// A failure quotes the broken rule. The suite skips the rules for which the harness lacks a function. A harness with an action
// alone runs one rule.
package automatetest
