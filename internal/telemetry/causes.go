package telemetry

import (
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/store"
)

// Causes maps tasks to the spans that made them, for the links of sends. It clears itself at its bound; then some links are missing.
type Causes struct {
	mu     sync.Mutex
	byTask map[string]trace.SpanContext
}

const causesKept = 10_000

// Note stores the spans that made the tasks: the span of the last transition of the task's incident, else that of the decision.
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

// Of returns the span context that made a task. It is not valid for an unknown task.
func (c *Causes) Of(task string) trace.SpanContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byTask[task]
}

// Forget removes a task that is not tried again.
func (c *Causes) Forget(task string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byTask, task)
}
