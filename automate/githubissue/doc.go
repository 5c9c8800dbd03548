// Package githubissue provides an [automate.Action] that opens an issue on GitHub, or on a server with the same REST API, as the ticket of
// an incident.
//
// A ticket is opened whole or not at all: while one of the arguments in [Action.Require] is empty, the action refuses, names what is
// missing, and the incident escalates. The issue has the argument title as its title and shows all other arguments as plain text, so no
// text of an event mentions people, hides a link or closes another issue.
//
// # Repeats
//
// An issue has a label for its incident, such as incident-6gu527w7, and a mark of the call in its body. By these a repeat finds the issue
// and opens no second one. An issue from which somebody took the label is not found.
//
// # Errors
//
// Errors and outputs hold no token. After an answer with Retry-After the engine retries; any other error is final.
package githubissue
