// Package status shows people how things stand and lets them act: a dashboard, the links to acknowledge that pages have, and a page for
// customers, each an [http.Handler] over a [tocsin.Engine], and one sentence that says it all.
//
// [Dashboard] serves pages about an engine, on which people also act. [Links] serves the links to acknowledge, and those by which people
// share how a capability of the catalog stands. [Verdict] is the sentence: the heading and the title of the page, and the answer of
// verdict.txt. It is a pure function of a [Snapshot].
//
// [Public] is the status page for customers: pages, JSON in the shape of Statuspage, a feed, and all of them as files. It shows what a
// [comms.Page] has and nothing else.
//
// # Colour
//
// Colour means that nobody has an incident. Incidents without a holder are filled, incidents with a holder are outlined, and recovered
// incidents are hollow. A page without colour is a page without work.
//
// # Reads
//
// One board in memory holds the open incidents of all viewers. While somebody looks, one goroutine keeps it fresh; the event streams
// start it, and it ends before the last of them returns. The main page and the streams read nothing from the store. The pages of
// single incidents, the history, and the dead letters do.
//
// The public page is made ahead by its Run, which is the program's to start: nobody looks while it is written as files, and no request may
// wait for the engine. It reads the engine once per change, and never for a request.
//
// # Security
//
// Config.Who names the viewer of each request, and a request without a viewer gets 401. A POST from another site is refused. Every page
// forbids inline scripts and frames, asks no other server for anything, and is not cached. Texts from outside are escaped, and shown
// without control characters and marks of direction.
package status
