package stage

import (
	"fmt"
	"strings"
	"sync"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Witness sees what is committed, claimed and sent. It is read while everybody is at rest.
type Witness struct {
	mu    *sync.Mutex
	acked map[store.Key]bool // incidents that somebody has, as they are committed
	// Faults are the escalations of an incident that somebody has.
	Faults []string
	// Done are the commands that were answered without an error.
	Done []respond.Command
	// Pages are those that were accepted.
	Pages []notify.Message
}

func newWitness() Witness { return Witness{mu: new(sync.Mutex), acked: make(map[store.Key]bool)} }

// pageTag begins the tags of the tasks that page.
const pageTag = string(notify.Page) + "/"

// committed looks at a commit: one after which somebody has the incident must not page anybody for it.
func (w *Witness) committed(b *store.Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range b.Put {
		if inc, ok := b.Put[i].Rec.(*core.Incident); ok {
			w.acked[b.Put[i].Key] = len(inc.Escalation.Acks) > 0
		}
	}
	w.watch(b.Tasks, "made")
}

// claimed looks at what an engine is given to send.
func (w *Witness) claimed(c *store.Claimed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watch(c.Tasks, "claimed")
}

func (w *Witness) watch(tasks []store.Task, how string) {
	for _, t := range tasks {
		if w.acked[t.Record] && strings.HasPrefix(t.Tag, pageTag) {
			w.Faults = append(w.Faults, fmt.Sprintf("page %s is %s although somebody has the incident", t.ID, how))
		}
	}
}

func (w *Witness) sent(m *notify.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Kind == notify.Page {
		w.Pages = append(w.Pages, *m)
	}
}
