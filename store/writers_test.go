package store_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// line is a queue of writers, each with a letter: capital ones are urgent.
type line struct {
	store.Writers
	t    *testing.T
	came []rune
}

// join lets writers wait, one after the other. Each leaves at once when its turn comes.
func (l *line) join(ctx context.Context, names string) {
	for _, name := range names {
		go func() {
			if err := l.Enter(ctx, name < 'a'); err != nil {
				return
			}
			l.came = append(l.came, name)
			l.Leave()
		}()
		synctest.Wait()
	}
}

func TestWriters(t *testing.T) {
	cases := []struct{ name, join, came string }{
		{"in the order of arrival", "abc", "abc"},
		{"urgent ones first", "abAcB", "ABabc"},
		{"nobody waits for more than eight", "abABCDEFGHIJ", "ABCDEFGHaIJb"},
		{"only a row counts", "ABCDEFGHIJ", "ABCDEFGHIJ"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &line{t: t}
				require.NoError(t, l.Enter(t.Context(), false))
				l.join(t.Context(), c.join)
				l.Leave()
				synctest.Wait()
				assert.Equal(t, c.came, string(l.came))
				require.NoError(t, l.Enter(t.Context(), false), "nobody is in")
			})
		})
	}
}

// TestWritersWhoGiveUp: a writer whose context ends leaves the line, and the others keep their order.
func TestWritersWhoGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t}
		require.NoError(t, l.Enter(t.Context(), true))
		l.join(t.Context(), "aA")
		gone, leave := context.WithCancel(t.Context())
		l.join(gone, "xX")
		l.join(t.Context(), "bB")
		leave()
		synctest.Wait()
		require.ErrorIs(t, l.Enter(gone, false), context.Canceled)
		l.Leave()
		synctest.Wait()
		assert.Equal(t, "ABab", string(l.came))
	})
}

// TestPass: a writer hands its turn on, to an urgent one only if it says so.
func TestPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t}
		require.NoError(t, l.Enter(t.Context(), false))
		assert.False(t, l.Pass(false), "nobody waits")
		l.join(t.Context(), "a")
		assert.False(t, l.Pass(true))
		l.join(t.Context(), "A")
		assert.True(t, l.Pass(true))
		synctest.Wait()
		assert.Equal(t, "Aa", string(l.came))
	})
}
