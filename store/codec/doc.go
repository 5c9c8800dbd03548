// Package codec holds what a durable store needs to know of the engine's records: how they become documents and back, and the queue of
// its inbox. A store in memory keeps the records as they are and needs none of it. docs/writing-a-store.md shows its use.
package codec
