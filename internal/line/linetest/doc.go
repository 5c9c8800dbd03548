// Package linetest has texts of hostile senders, and finds in a text for people what such a sender must not bring there.
package linetest
