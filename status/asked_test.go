package status

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/incident"
)

// TestAsked: whichever message was accepted first, people come before rooms, and each once.
func TestAsked(t *testing.T) {
	room, ana, call := incident.Told{Contact: "chat:#ops"}, incident.Told{Person: "ana", Contact: "push:ana"}, incident.Told{Person: "ana", Contact: "phone:ana"}
	assert.Equal(t, []string{"ana", "ben", "the room on chat"}, asked([]incident.Told{room, ana, {Person: "ben", Contact: "push:ben"}, call, room}))
	assert.Empty(t, asked(nil))
}
