package incident_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

func TestAppendJSONIsWhatMarshalMakes(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`))
	rapid.Check(t, func(t *rapid.T) {
		e := incident.Entry{
			Seq: rapid.Uint64().Draw(t, "seq"), At: time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			When: rapid.SampledFrom([]time.Time{{}, time.Unix(1, 5).UTC()}).Draw(t, "when"), Word: incident.Word(text.Draw(t, "word")), Of: text.Draw(t, "of"), Actor: text.Draw(t, "actor"), Text: text.Draw(t, "text"),
			Said: incident.Said{By: escalate.PersonID(text.Draw(t, "by")), Text: text.Draw(t, "said")},
		}
		if rapid.Bool().Draw(t, "is about a message") {
			e.Sent = &incident.Sent{
				Message: rapid.Uint64().Draw(t, "message"), Kind: text.Draw(t, "kind"), Level: rapid.Int().Draw(t, "level"), About: text.Draw(t, "about"),
				Person: escalate.PersonID(text.Draw(t, "person")), Channel: text.Draw(t, "channel"), Room: text.Draw(t, "room"),
				Result: incident.Result(text.Draw(t, "result")), Reason: text.Draw(t, "reason"), With: rapid.Int().Draw(t, "with"),
			}
			if rapid.Bool().Draw(t, "is tried again") {
				e.Sent.Again = e.At.Add(time.Second)
			}
		}
		want, err := json.Marshal(e)
		require.NoError(t, err)
		require.Equal(t, string(want), string(e.AppendJSON(nil)))
	})
}
