package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestTogether(t *testing.T) {
	one := checkout()
	assert.Equal(t, one, notify.Together(one), "one page stays as it is")

	pages := []notify.Message{checkout(), checkout(), checkout()}
	for i := range pages {
		m := &pages[i]
		m.Key, m.Incident, m.Priority = fmt.Sprintf("i%d-1-0", i), fmt.Sprintf("i%d", i), severity.Priority(3-i)
		m.Title = fmt.Sprintf("%v a title of one's own", m.Priority)
	}
	m := notify.Together(pages...)
	assert.Equal(t, "3 incidents, worst first: P1 a title of one's own · i2", m.Title)
	assert.Equal(t, "P2 a title of one's own · i1\nP3 a title of one's own · i0\nUnless you acknowledge them, ben is asked from 03:19 on.", m.Text)
	assert.Equal(t, "i0-1-0", pages[0].Key, "the caller's list stays as it is")
	assert.Equal(t, m.Key, notify.Together(pages...).Key)
	assert.NotEqual(t, m.Key, notify.Together(pages[:2]...).Key)
	require.NoError(t, templates(t, nil).Render(&m))
	assert.Contains(t, m.Title, "3 incidents", "its words are those of its pages")

	doc, err := json.Marshal(m)
	require.NoError(t, err)
	var read notify.Message
	require.NoError(t, json.Unmarshal(doc, &read))
	var keys []string
	for _, p := range read.Pages {
		keys = append(keys, p.Key+" "+p.Why)
		assert.NotEmpty(t, p.Runbook)
	}
	assert.Equal(t, []string{"i2-1-0 " + one.Why, "i1-1-0 " + one.Why, "i0-1-0 " + one.Why}, keys, "each keeps its key")

	pages[1].Incident, pages[2].Incident = "i0", "i0"
	assert.Contains(t, notify.Together(pages...).Title, "1 incident, worst first")
}

// TestPagesThatDoNotFit holds that a channel with little space shows whole pages, the worst, and how many are missing.
func TestPagesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		limit int
		want  []string
	}{
		{2000, []string{
			"5 incidents, worst first: P1 Checkout is down (web-1, EU) · k7qf2mab", "P2 Search is slow (idx-3) · k0q0m2ab", "P3 Queue 1 is full (m-1) · k1q1m2ab",
			"P3 Queue 2 is full (m-2) · k2q2m2ab", "P3 Queue 3 is full (m-3) · k3q3m2ab", "Unless you acknowledge them, ben is asked from 03:19 on.",
		}},
		{210, []string{
			"5 incidents, worst first: P1 Checkout is down (web-1, EU) · k7qf2mab", "P2 Search is slow (idx-3) · k0q0m2ab",
			"… and 3 more do not fit here, all P3", "Unless you acknowledge them, ben is asked from 03:19 on.",
		}},
		{190, []string{
			"5 incidents, worst first: P1 Checkout is down (web-1, EU) · k7qf2mab", "… and 4 more do not fit here, 1 of them P2",
			"Unless you acknowledge them, ben is asked from 03:19 on.",
		}},
		{30, []string{"5 incidents, worst first: P…"}},
	} {
		page := checkout()
		page.Ack = ""
		m := several(page, 5)
		got := m.Parts(func(ps notify.Parts) bool { return len(ps.String()) <= c.limit }).String()
		assert.Equal(t, c.want, strings.Split(got, "\n"), c.limit)
	}
}
