package slackapp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// raced says who acknowledged before the person; empty: nobody did.
func raced(inc *incident.Incident, person escalate.PersonID) string {
	acks := inc.Escalation.Acks
	mine := slices.IndexFunc(acks, func(k escalate.Ack) bool { return k.By == person })
	if mine < 0 {
		return ""
	}
	first := slices.MinFunc(acks, func(x, y escalate.Ack) int { return x.At.Compare(y.At) })
	if first.By == person || !first.At.Before(acks[mine].At) {
		return ""
	}
	return fmt.Sprintf("%s acknowledged %s before you. You have it too.", oneLine(string(first.By)), span(acks[mine].At.Sub(first.At)))
}

// span formats a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute), " 0 min")
}

// update shows in the message how the incidents of its buttons stand now.
func (a *App) update(ctx context.Context, e Engine, c *click) {
	var blocks []slack.Block
	changed := false
	for _, b := range c.message.Blocks.BlockSet {
		buttons, ours := b.(*slack.ActionBlock)
		if !ours || !strings.HasPrefix(buttons.BlockID, blockAnswer) {
			blocks = append(blocks, b)
			continue
		}
		instead := answered(ctx, e, buttons)
		changed = changed || instead != nil
		if instead == nil {
			instead = []slack.Block{b}
		}
		blocks = append(blocks, instead...)
	}
	if !changed || c.channel == "" || c.stamp == "" {
		return
	}
	_, _, _, err := a.api.UpdateMessageContext(ctx, c.channel, c.stamp, slack.MsgOptionText(c.message.Text, false), slack.MsgOptionBlocks(blocks...), plain())
	if err = judge(err); err != nil {
		a.log(ctx, "a message does not show the answer", "user", c.user, "incident", c.Incident, "error", err)
	}
}

// answered returns the blocks that take the place of buttons, nil if the buttons stay.
func answered(ctx context.Context, e Engine, buttons *slack.ActionBlock) []slack.Block {
	var v value
	var rest []slack.BlockElement
	if buttons.Elements == nil {
		return nil
	}
	for _, element := range buttons.Elements.ElementSet {
		b, ok := element.(*slack.ButtonBlockElement)
		if !ok || b.ActionID != actionAck {
			rest = append(rest, element)
			continue
		}
		if json.Unmarshal([]byte(b.Value), &v) != nil {
			return nil
		}
	}
	inc, err := e.Incident(ctx, v.Incident)
	if v.Incident == "" || err != nil {
		return nil
	}
	now := stands(&inc)
	if now == nil {
		return nil
	}
	blocks := []slack.Block{richText(buttons.BlockID+"-stands", now...)}
	if len(rest) > 0 {
		blocks = append(blocks, slack.NewActionBlock(buttons.BlockID, rest...))
	}
	return blocks
}

// stands says who has an incident since when, nil if nobody has it. Slack shows each reader the time in the zone of the reader.
func stands(inc *incident.Incident) (list []slack.RichTextSectionElement) {
	say := func(words string) { list = append(list, slack.NewRichTextSectionTextElement(words, nil)) }
	if words := ended(inc.Phase); words != "" {
		say(words)
		return list
	}
	for i, k := range inc.Escalation.Acks {
		if i > 0 {
			say("\n")
		}
		say(oneLine(string(k.By)) + " has it since ")
		fallback := k.At.UTC().Format("15:04 UTC")
		list = append(list, slack.NewRichTextSectionDateElement(k.At.Unix(), "{time}", nil, &fallback))
	}
	return list
}

// ended says why there is nothing to acknowledge, empty if there may be.
func ended(phase incident.Phase) string {
	switch {
	case phase.Over():
		return "It is over."
	case phase == incident.Monitoring:
		return "It has recovered and is being watched."
	}
	return ""
}
