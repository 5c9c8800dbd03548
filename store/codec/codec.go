package codec

import (
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// Schema is the number of the documents that the codec of [New] writes.
const Schema = core.Schema

// QueueInbox is the queue of the tasks that bring events which a store has taken in within a transaction of the application. The
// payload of such a task is an [event.Event] as JSON. Whoever claims the task settles it in the commit that applies the event.
//
// [event.Event]: https://pkg.go.dev/github.com/tocsin-dev/tocsin/event#Event
const QueueInbox = core.QueueInbox

// New returns the codec of the engine's records. Concurrent calls of its methods are fine.
func New() store.Codec { return core.New() }

// Kinds returns the names of all kinds of record that the codec knows.
func Kinds() []string { return core.New().Kinds() }
