package tocsin

import (
	"context"

	"github.com/google/uuid"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// SendTest sends a test message to a contact, such as slack:@ana, as a page is sent: "Test from tocsin (payments): this is how a
// page reaches you on slack. Nothing is wrong." The message belongs to no incident.
//
// nil means that the message is stored; Run sends it and tries for 15 minutes. The log tells each try that fails, and
// [Engine.DeadLetters] lists the message if it failed for good. A contact that neither a person nor a target of the catalog has is
// refused with a [*respond.RefusedError].
func (e *Engine) SendTest(ctx context.Context, contact escalate.Contact) error {
	return e.Do(ctx, respond.SendTest{Contact: contact, Service: e.Service, ID: uuid.NewString()})
}
