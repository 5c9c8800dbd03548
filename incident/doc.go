// Package incident holds the types by which people read incidents and alerts: their state and their timelines.
package incident
