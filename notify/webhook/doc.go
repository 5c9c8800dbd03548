// Package webhook posts messages as signed JSON to an HTTP endpoint, as the Standard Webhooks specification 1.0.0 asks. The
// receiver checks requests with [Verify]. All tries of a message have the same webhook-id header, by which the receiver
// recognises duplicates.
//
// The member data is a [notify.Message]. A message that holds several pages lists them in data.pages, the worst first, each with its own
// key; the other members are those of the worst.
//
// # Errors
//
// Errors name the host only; they never contain the rest of the URL or the secret. Permanent are a malformed URL or secret,
// an address that the default client refuses, and a message that cannot be encoded as JSON.
package webhook
