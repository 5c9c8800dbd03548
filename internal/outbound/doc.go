// Package outbound is the HTTP client that notifiers and actions send with. It posts once and classes what came of it; its
// default client reaches public addresses only, however they are spelled and whatever a name resolves to.
//
// # Errors
//
// No error holds a URL beyond its host, a header, or what the other side sent.
package outbound
