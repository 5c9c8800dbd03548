package status

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/incident"
)

// TestAsked: whichever message was accepted first, people come before rooms, and each once.
func TestAsked(t *testing.T) {
	room, ana, call := incident.Told{Contact: "chat:#ops", Pages: 1}, incident.Told{Person: "ana", Contact: "push:ana", Pages: 2}, incident.Told{Person: "ana", Contact: "phone:ana", Pages: 1}
	names, pages := asked([]incident.Told{room, ana, {Person: "ben", Contact: "push:ben", Pages: -1}, {Person: "cho", Contact: "push:cho"}, call, room})
	assert.Equal(t, []string{"ana", "ben", "the room on chat"}, names, "cho was not paged")
	assert.Equal(t, []int{2, 0, 1}, pages, "of ben it is not known")
	names, _ = asked(nil)
	assert.Empty(t, names)
}
