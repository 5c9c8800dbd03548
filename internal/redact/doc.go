// Package redact takes secrets out of texts and documents. It holds the one list of words by which the name of a secret is known, and
// the forms by which a secret is known without a name, such as a private key.
//
// It cannot find every secret. Odd spelling does not hide one: letter case, camelCase, full-width letters, letters that look alike, and
// characters without width count for nothing.
package redact
