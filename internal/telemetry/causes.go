package telemetry

import (
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/store"
)

// Causes remembers which span made a task, as long as this process may send it. A forgotten task costs a link.
type Causes struct {
	mu     sync.Mutex
	byTask map[string]trace.SpanContext
}

const causesKept = 10_000

// Note remembers the spans that made the tasks: the last step of each task's incident, else the decision's own.
func (c *Causes) Note(tasks []store.Task, steps map[store.Key]trace.SpanContext, decision trace.SpanContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range tasks {
		sc, ok := steps[tasks[i].Record]
		if !ok {
			sc = decision
		}
		if !sc.IsValid() {
			continue
		}
		if c.byTask == nil || len(c.byTask) >= causesKept {
			c.byTask = make(map[string]trace.SpanContext)
		}
		c.byTask[tasks[i].ID] = sc
	}
}

// Of returns the span that made a task; a span that is not valid if it is not known.
func (c *Causes) Of(task string) trace.SpanContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byTask[task]
}

// Forget forgets a task that is not tried again.
func (c *Causes) Forget(task string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byTask, task)
}
