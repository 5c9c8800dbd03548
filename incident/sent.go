package incident

import (
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Result is what became of a message.
type Result string

// The results. Accepted, failed, withdrawn and withheld end a message, as far as its contact is concerned.
const (
	ResultPending   Result = "pending"   // it is on its way
	ResultAccepted  Result = "accepted"  // the provider has taken it
	ResultRetry     Result = "retry"     // a try failed; the next is at Again
	ResultDelayed   Result = "delayed"   // a rate, or a channel that fails, delays it until Again; it was not tried
	ResultFailed    Result = "failed"    // it has failed over this contact; the next contact is tried at once, if there is one
	ResultWithdrawn Result = "withdrawn" // it was taken back before it was accepted
	ResultResent    Result = "resent"    // a person brought it back from the dead letters
	ResultWithheld  Result = "withheld"  // it was never made, since there was nobody to send it to
)

// Sent is what became of a message at one moment: a line of the ledger of messages. It holds no address.
type Sent struct {
	Message uint64            `json:"message,omitempty"`             // its number within the incident; 0: it was withheld
	Kind    string            `json:"kind" erase:"keep"`             // page, notice, reminder, all-clear; close: to a provider that keeps a state
	Level   int               `json:"level,omitempty"`               // that asks by it; 0: none
	About   string            `json:"about,omitempty" erase:"words"` // what it is about, if no level asks by it
	Person  escalate.PersonID `json:"person,omitempty" erase:"by"`   // empty: a room, or nobody
	Channel string            `json:"channel,omitempty" erase:"keep"`
	Room    string            `json:"room,omitempty" erase:"words"` // a name such as #ops; other addresses are left out
	Result  Result            `json:"result" erase:"keep"`
	Reason  string            `json:"reason,omitempty" erase:"words"` // why it was not accepted
	Again   time.Time         `json:"again,omitzero"`                 // when it is tried next, or made anew
	With    int               `json:"with,omitempty"`                 // other pages in the same message
}

// appendJSON is AppendJSON of an entry, for s.
func (s *Sent) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if s.Message > 0 {
		b = append(strconv.AppendUint(append(b, `"message":`...), s.Message, 10), ',')
	}
	b = appendText(append(b, `"kind":`...), s.Kind)
	if s.Level != 0 {
		b = strconv.AppendInt(append(b, `,"level":`...), int64(s.Level), 10)
	}
	b = appendField(b, "about", s.About)
	b = appendField(b, "person", string(s.Person))
	b = appendField(b, "channel", s.Channel)
	b = appendField(b, "room", s.Room)
	b = appendText(append(b, `,"result":`...), string(s.Result))
	b = appendField(b, "reason", s.Reason)
	if !s.Again.IsZero() {
		b = append(s.Again.AppendFormat(append(b, `,"again":"`...), time.RFC3339Nano), '"')
	}
	if s.With != 0 {
		b = strconv.AppendInt(append(b, `,"with":`...), int64(s.With), 10)
	}
	return append(b, '}')
}
