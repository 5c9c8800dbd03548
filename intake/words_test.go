package intake_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

// decided is a recorder whose organisation has words of its own for severities.
type decided struct {
	*recorder
	words map[string]severity.Level
}

func (d decided) SeverityOf(intake, word string) (severity.Level, bool) {
	level, ok := d.words[intake+" "+word]
	return level, ok
}

// TestWordsOfTheOrganisation: what the organisation decides about a word of a sender counts, and no finding reports the word.
func TestWordsOfTheOrganisation(t *testing.T) {
	for name, c := range map[string]struct {
		word     string
		want     severity.Level
		findings int
	}{
		"an unknown word that is decided": {"ticket", severity.Warning, 0},
		"a known word that is decided":    {"page", severity.Error, 0},
		"a known word":                    {"critical", severity.Critical, 0},
		"an unknown word":                 {"odd", 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve("alertmanager", func(s intake.Submitter, config *intake.Endpoint) http.Handler {
				return intake.Alertmanager(decided{s.(*recorder), map[string]severity.Level{
					"prod ticket": severity.Warning, "prod page": severity.Error, "other odd": severity.Critical,
				}}, config)
			}, nil)
			require.Equal(t, http.StatusOK, e.post(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A","severity":"`+c.word+`"}}]}`).Code)
			alerts, findings := e.stored.split()
			require.Len(t, alerts, 1)
			assert.Equal(t, c.want, alerts[0].Severity)
			assert.Len(t, findings, c.findings)
		})
	}
}
