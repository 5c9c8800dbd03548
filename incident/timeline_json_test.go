package incident_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/incident"
)

func TestAppendJSONIsWhatMarshalMakes(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`))
	rapid.Check(t, func(t *rapid.T) {
		e := incident.Entry{
			Seq: rapid.Uint64().Draw(t, "seq"), At: time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			Kind: incident.KindState, Actor: text.Draw(t, "actor"), What: text.Draw(t, "what"), Text: text.Draw(t, "text"),
		}
		want, err := json.Marshal(e)
		require.NoError(t, err)
		require.Equal(t, string(want), string(e.AppendJSON(nil)))
	})
}
