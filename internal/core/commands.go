package core

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// command is one command of package respond. Dispatch, the input log and telemetry go by the table of commands.
type command struct {
	name   string
	typ    reflect.Type
	decode func(doc []byte) (respond.Command, error)
	// record returns the record that a command about no incident changes; nil: the command is about an incident.
	record func(respond.Command) store.Key
	// later says that the command may be about an incident whose group has gone on with another. The unit is past then.
	later bool
	do    func(*turn, *unit, respond.Command, time.Time) error
}

// commands is the table of all commands.
func commands() []command {
	return []command{
		commandOf("acknowledge", acknowledge),
		commandOf("unacknowledge", unacknowledge),
		commandOf("escalate", escalateByHand),
		commandOf("page", pageByHand),
		commandOf("resolve", resolveByHand),
		commandOf("reprioritise", reprioritise),
		commandOf("assess", assess),
		afterwards(commandOf("note", writeNote)),
		about(commandOf("declare", declare), declaredKey),
		commandOf("accept", accept),
		commandOf("decline", decline),
		commandOf("cancel", cancel),
		commandOf("proceed", proceed),
		commandOf("mitigate", mitigate),
		commandOf("reopen", reopen),
		afterwards(commandOf("close", closeByHand)),
		afterwards(commandOf("amend", amend)),
		commandOf("resend", resend),
		commandOf("start-run", startRun),
		commandOf("approve", approve),
		commandOf("answer", answerStep),
		commandOf("stop-run", stopRun),
		commandOf("assume", assume),
		commandOf("renounce", renounce),
		commandOf("offer", offer),
		commandOf("accept-role", acceptRole),
		commandOf("add-todo", addTodo),
		afterwards(commandOf("done-todo", doneTodo)),
		commandOf("assign-todo", assignTodo),
		commandOf("ask-decision", askDecision),
		commandOf("decide", decide),
		afterwards(commandOf("set-private", setPrivate)),
		commandOf("draft-update", draftUpdate),
		afterwards(commandOf("approve-update", approveUpdate)), // of one that left without approval
		commandOf("send-update", sendUpdate),
		commandOf("correct-update", correctUpdate),
		commandOf("retract-update", retractUpdate),
		about(commandOf("kill-switch", throwSwitch), func(c respond.KillSwitch) store.Key { return switchKey(c.Tenant) }),
		about(commandOf("send-test", sendTest), testKey),
		about(commandOf("subscribe", subscribe), func(c respond.Subscribe) store.Key { return subscriberKey(c.Tenant, c.Subscriber) }),
		about(commandOf("confirm-subscriber", confirmSubscriber), func(c respond.ConfirmSubscriber) store.Key { return subscriberKey(c.Tenant, c.Subscriber) }),
		about(commandOf("unsubscribe", unsubscribe), func(c respond.Unsubscribe) store.Key { return subscriberKey(c.Tenant, c.Subscriber) }),
	}
}

// commandOf makes a row of the table.
func commandOf[C respond.Command](name string, do func(*turn, *unit, C, time.Time) error) command {
	return command{
		name: name, typ: reflect.TypeFor[C](),
		decode: func(doc []byte) (respond.Command, error) {
			var c C
			err := json.Unmarshal(doc, &c)
			return c, err
		},
		do: func(t *turn, u *unit, c respond.Command, at time.Time) error { return do(t, u, c.(C), at) },
	}
}

// about names the record of a command that is about no incident; the unit of such a command is nil.
func about[C respond.Command](row command, record func(C) store.Key) command {
	row.record = func(c respond.Command) store.Key { return record(c.(C)) }
	return row
}

// afterwards lets a command be about an incident whose group has gone on with another.
func afterwards(row command) command {
	row.later = true
	return row
}

// commandOf finds the row of a command, nil if there is none.
func (c *Core) commandOf(cmd respond.Command) *command {
	typ := reflect.TypeOf(cmd)
	i := slices.IndexFunc(c.commands, func(row command) bool { return row.typ == typ })
	if i < 0 {
		return nil
	}
	return &c.commands[i]
}

// CommandName returns the name of a command as traces and the input log have it, such as acknowledge.
func (c *Core) CommandName(cmd respond.Command) string {
	if row := c.commandOf(cmd); row != nil {
		return row.name
	}
	return "unknown"
}

// Commands returns a zero value of every command.
func (c *Core) Commands() []respond.Command {
	all := make([]respond.Command, len(c.commands))
	for i := range c.commands {
		all[i] = reflect.Zero(c.commands[i].typ).Interface().(respond.Command)
	}
	return all
}

// Command decodes doc as the command with the name.
func (c *Core) Command(name string, doc []byte) (respond.Command, error) {
	i := slices.IndexFunc(c.commands, func(row command) bool { return row.name == name })
	if i < 0 {
		return nil, fmt.Errorf("core: there is no command %q", name)
	}
	cmd, err := c.commands[i].decode(doc)
	if err != nil {
		return nil, fmt.Errorf("core: command %s: %w", name, err)
	}
	return cmd, nil
}

// target returns the record that a command is most likely about: that of its incident where there are no tenants.
func (c *Core) target(cmd respond.Command) (store.Key, bool) {
	row := c.commandOf(cmd)
	switch {
	case row == nil:
		return store.Key{}, false
	case row.record != nil:
		return row.record(cmd), true
	}
	return store.Key{Kind: KindIncident, ID: cmd.Head().Incident}, true
}
