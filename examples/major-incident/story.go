package main

import (
	"context"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// moment is a line of the script.
type moment struct {
	at   string // time of day, in UTC
	what string
	do   func(*shop) error
}

// story is the script. What happens by itself between two moments, such as the nudge before an update is due, is not in it.
func story() []moment {
	return []moment{
		{"03:00", "Monitoring reports that payments fail in eu.", fires("eu", "Payments fail in eu")},
		{"03:02", "ana acknowledges.", does("ana", acknowledge)},
		{"03:03", "ana takes the command until somebody comes who can.", does("ana", assume(incident.Commander))},
		{"03:04", "Monitoring reports that payments fail in us, too.", fires("us", "Payments fail in us")},
		{"03:05", "ana pages cho, who commands major incidents.", does("ana", page("person:cho", "two regions cannot pay, please take the command"))},
		{"03:07", "dee answers: she will write to customers.", does("dee", assume(incident.Communications))},
		{"03:08", "ana offers cho the command.", does("ana", offer(incident.Commander, "cho"))},
		{"03:09", "cho accepts. There was a commander at every moment.", does("cho", accept(incident.Commander))},
		{"03:10", "eli answers: he keeps the record.", does("eli", assume(incident.Scribe))},
		{"03:11", "fay comes as cho's deputy.", does("fay", assume(incident.Deputy))},
		{"03:12", "dee drafts the first update with one tap.", does("dee", tap)},
		{"03:13", "cho approves it, and it leaves.", does("cho", approveUpdate)},

		{"03:14", "ana asks cho to decide.", does("ana", ask(incident.Commander, 10*time.Minute, "It began with 2.14.0 of the checkout. How do we go on?", "roll back", "wait for a fix"))},
		{"03:15", "cho decides.", does("cho", decide(1, "we know what 2.13.4 does"))},
		{"03:16", "ana approves the runbook.", does("ana", approveRun)},
		{"03:18", "The power fails, in the middle of the roll back.", (*shop).kill},
		{"03:19", "The power is back. A new engine starts on the same store.", (*shop).start},
		{"03:22", "ana says where they are.", does("ana", proceed(incident.Mitigating))},

		{"03:23", "eli asks fay to decide. She has seven minutes, then cho has seven.", does("eli", ask(incident.Deputy, 7*time.Minute, "Some customers paid twice. Do we pay back without being asked?", "pay back", "wait until they ask"))},
		{"03:38", "ben, who was woken, acknowledges and decides.", both(does("ben", acknowledge), does("ben", decide(1, "it is their money")))},
		{"03:39", "dee drafts the second update. cho is on the phone and does not see that she is asked.", does("dee", draft(comms.Identified, "We have brought the version before back, and are checking it."))},
		{"03:42", "fay approves it, and dee sends it, a minute before customers expect it.", both(does("fay", approveUpdate), does("dee", sendUpdate))},
		{"03:44", "Monitoring reports that eu has recovered.", recovers("eu")},
		{"03:46", "cho says that it has recovered, though us still reports errors.", does("cho", mitigate("orders arrive from both regions"))},
		{"03:48", "dee drafts the third update with one tap.", does("dee", tap)},
		{"03:49", "cho approves it, and it leaves.", does("cho", approveUpdate)},
		{"03:53", "cho wants to call it over.", does("cho", resolve)},
		{"03:55", "Monitoring reports that us has recovered.", recovers("us")},

		{"04:01", "It comes back.", fires("eu", "Payments fail in eu")},
		{"04:02", "ana acknowledges.", does("ana", acknowledge)},
		{"04:04", "dee writes to customers in words of her own.", does("dee", write("Some card payments fail again. We are looking for the cause."))},
		{"04:05", "cho approves it, and dee sends it.", both(does("cho", approveUpdate), does("dee", sendUpdate))},
		{"04:08", "ana finds it: 2.14.0 has left a switch on. ben is to see that it goes.", does("ana", todo("ben", "take the switch new-ledger out of all regions", 30*time.Minute))},
		{"04:12", "Monitoring reports that eu has recovered.", recovers("eu")},
		{"04:14", "dee drafts the fifth update with one tap.", does("dee", tap)},
		{"04:15", "cho approves it, and it leaves.", does("cho", approveUpdate)},
		{"04:18", "cho wants to call it over.", does("cho", resolve)},
		{"04:23", "cho calls it over.", does("cho", resolve)},
		{"04:24", "cho wants to close it.", does("cho", closes)},
		{"04:25", "dee drafts the last update with one tap.", does("dee", tap)},
		{"04:26", "cho approves it, and it leaves.", does("cho", approveUpdate)},
		{"04:27", "cho wants to close it.", does("cho", closes)},
		{"04:30", "ben has taken the switch out.", does("ben", todoDone)},
		{"04:31", "cho closes it.", does("cho", closes)},
		{"06:00", "The night goes on, and nobody hears of it any more.", nothing},
	}
}

func nothing(*shop) error { return nil }

// both does one thing and then another.
func both(first, second func(*shop) error) func(*shop) error {
	return func(s *shop) error {
		if err := first(s); err != nil {
			return err
		}
		return second(s)
	}
}

// fires and recovers are what monitoring sends about a region.
func fires(region, summary string) func(*shop) error { return sends(event.Trigger, region, summary) }
func recovers(region string) func(*shop) error       { return sends(event.Resolve, region, "") }

func sends(signal event.Signal, region, summary string) func(*shop) error {
	return func(s *shop) error {
		return s.bell.Submit(context.Background(), event.Event{
			Type: "shop.checkout.errors", Signal: signal, Subject: region, Summary: summary,
		})
	}
}

// command makes a command about the incident as it is now. The engine fills in who gives it.
type command func(i *incident.Incident) respond.Command

// does lets a person give a command.
func does(person escalate.PersonID, c command) func(*shop) error {
	return func(s *shop) error {
		i, err := s.incident()
		if err != nil {
			return err
		}
		return s.bell.DoAs(context.Background(), viewer(person), c(&i))
	}
}

func acknowledge(i *incident.Incident) respond.Command {
	return respond.Acknowledge{Incident: i.ID, Via: "push"}
}

func page(whom escalate.Target, because string) command {
	return func(i *incident.Incident) respond.Command {
		return respond.Page{Incident: i.ID, Target: whom, Because: because}
	}
}

func assume(role incident.Role) command {
	return func(i *incident.Incident) respond.Command { return respond.Assume{Incident: i.ID, Role: role} }
}

func offer(role incident.Role, to escalate.PersonID) command {
	return func(i *incident.Incident) respond.Command {
		return respond.Offer{Incident: i.ID, Role: role, To: to}
	}
}

func accept(role incident.Role) command {
	return func(i *incident.Incident) respond.Command { return respond.AcceptRole{Incident: i.ID, Role: role} }
}

func proceed(step incident.Step) command {
	return func(i *incident.Incident) respond.Command { return respond.Proceed{Incident: i.ID, Step: step} }
}

func ask(role incident.Role, within time.Duration, text string, options ...string) command {
	return func(i *incident.Incident) respond.Command {
		return respond.AskDecision{Incident: i.ID, Role: role, Text: text, Options: options, Deadline: time.Now().Add(within)}
	}
}

// decide chooses an option of the latest decision.
func decide(option int, because string) command {
	return func(i *incident.Incident) respond.Command {
		return respond.Decide{Incident: i.ID, Decision: len(i.Decisions), Option: option, Because: because}
	}
}

// approveRun approves the latest run of a runbook.
func approveRun(i *incident.Incident) respond.Command {
	return respond.Approve{Incident: i.ID, Run: i.Runs[len(i.Runs)-1].ID}
}

// tap makes an update from the template of the stage that is asked for. It leaves as soon as it is approved.
func tap(i *incident.Incident) respond.Command { return respond.SendUpdate{Incident: i.ID} }

func draft(stage comms.Stage, doing string) command {
	return func(i *incident.Incident) respond.Command {
		return respond.DraftUpdate{Incident: i.ID, Stage: stage, Doing: doing}
	}
}

// approveUpdate approves the latest update.
func approveUpdate(i *incident.Incident) respond.Command {
	return respond.ApproveUpdate{Incident: i.ID, Update: i.Comms.Updates[len(i.Comms.Updates)-1].ID}
}

// sendUpdate sends the latest update.
func sendUpdate(i *incident.Incident) respond.Command {
	return respond.SendUpdate{Incident: i.ID, Update: i.Comms.Updates[len(i.Comms.Updates)-1].ID}
}

// write drafts an update in a person's own words.
func write(text string) command {
	return func(i *incident.Incident) respond.Command { return respond.DraftUpdate{Incident: i.ID, Text: text} }
}

func mitigate(because string) command {
	return func(i *incident.Incident) respond.Command { return respond.Mitigate{Incident: i.ID, Because: because} }
}

func resolve(i *incident.Incident) respond.Command { return respond.Resolve{Incident: i.ID} }

func closes(i *incident.Incident) respond.Command { return respond.Close{Incident: i.ID} }

func todo(owner escalate.PersonID, text string, within time.Duration) command {
	return func(i *incident.Incident) respond.Command {
		return respond.AddTodo{Incident: i.ID, Owner: owner, Text: text, Due: time.Now().Add(within)}
	}
}

// todoDone says that the latest to-do is done.
func todoDone(i *incident.Incident) respond.Command {
	return respond.DoneTodo{Incident: i.ID, Todo: len(i.Todos)}
}
