// Package pagerduty sends incidents to PagerDuty through its Events API v2. One tocsin incident becomes one PagerDuty alert,
// with the incident's id as dedup_key. A page triggers the alert, and so does a notice of a policy that informs instead of paging. An
// all-clear resolves it. Other notices and reminders are not sent: a trigger would page, and open a new incident after a resolve.
// Contacts that should hear them need another channel.
//
// PagerDuty decides whom it pages. Message.To appears in custom_details only.
//
// # Errors
//
// Errors name the host and the HTTP status; they never contain the routing key or text from PagerDuty. Status 400, an invalid
// event or routing key, is permanent. 429 and 5xx are retried.
package pagerduty
