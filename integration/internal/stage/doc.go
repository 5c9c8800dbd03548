// Package stage lets engines in a bubble of virtual time play on one store, whichever it is: a test holds every call of the
// store and every send, and lets them go one by one, so that the order is the test's and the same on every store.
package stage
