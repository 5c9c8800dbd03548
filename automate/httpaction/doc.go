// Package httpaction provides an [automate.Action] that posts the invocation as JSON to an HTTP endpoint, which acts. All tries
// of an invocation have the same Idempotency-Key header. The endpoint must act once for each key, and repeat its answer for a
// repeated key.
//
// Every 2xx answer means that the action is done. The body is the output: plain text, or an [automate.Result] as JSON.
//
// # Errors
//
// An error contains the status and the body of the answer; it names only the host of a URL. After an answer with Retry-After
// the engine retries; any other error is final.
package httpaction
