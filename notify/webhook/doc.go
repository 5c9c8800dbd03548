// Package webhook sends messages as signed JSON to an HTTP endpoint, after the Standard Webhooks specification 1.0.0, and
// gives the other side [Verify]. Whoever receives tells repeats by the header webhook-id, which is the same for every try
// of a message.
//
// # Errors
//
// No error holds the URL or the secret: of an endpoint it says the host alone. Bad values of either, an address that the
// default client refuses, and a message that has no JSON form, are permanent.
package webhook
