// Package pagerduty hands incidents over to PagerDuty, through its Events API v2. One incident here is one alert there:
// the incident's id is the deduplication key, a page, notice or reminder triggers, and an all-clear resolves.
//
// PagerDuty is told what a message says, and decides by itself whom it wakes: Message.To stands in the details only.
//
// # Errors
//
// No error holds the routing key or what PagerDuty said: it names the host and the HTTP status. Status 400, which means
// that the event or the routing key is not valid, is permanent; 429 and 5xx are tried again.
package pagerduty
