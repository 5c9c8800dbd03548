// Package outbound is the HTTP client of notifiers and actions. It posts once, without retries, and classifies the
// answer. Its default client connects to public addresses only: it checks the resolved address at dial time, however the
// host is spelled.
//
// # Errors
//
// Errors contain at most the host of a URL, no header, and nothing that the server sent.
package outbound
