// Package httpaction is an [automate.Action] that asks an HTTP endpoint to act: it posts the invocation as JSON. The endpoint
// tells repeats by the header Idempotency-Key, which is the same for every try, and answers what it did under a key before
// without doing it again.
//
// Any answer of 2xx means that it is done. Its body is the output: text, or an [automate.Result] as JSON.
//
// # Errors
//
// An error holds the status and what the endpoint says, and of the URLs the host alone. An answer with Retry-After names a
// pause, after which the engine asks again; any other is final.
package httpaction
