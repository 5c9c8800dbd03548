// Package incident holds what people read of an incident: its phase and its timeline.
package incident
