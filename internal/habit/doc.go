// Package habit learns for how long a speaker is silent as a rule, so that a longer silence can be told from one that is usual.
//
// A habit is learned over a day at least, since a shorter time shows neither nights nor how an outage differs from peace. What ended
// more than eight days ago is forgotten. So a weekly rhythm is learned in a week, and so is a silence that was an outage.
package habit
