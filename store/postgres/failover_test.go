package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// failsOver kills a primary while events come in over three handles: one knows both hosts, one a proxy, and the third does not
// even hear that its connections are gone. The standby is promoted, and the old primary comes back as a standby, to which the
// proxy leads for a while. All handles serve again without being opened anew, no later than 5 s after they can reach a primary,
// and nothing that was acknowledged is missing or counted twice. Who listened hears hints again.
func failsOver(t *testing.T, servers *pair) {
	primary, standby := servers.primary, servers.standby
	hosts := primary.DSN() + " target_session_attrs=read-write host=" + primary.Host() + "," + standby.Host()
	db := databaseOn(t, hosts)
	knows := db.mustOpen(4)
	p, through := newProxy(t, primary.DSN())
	db.dsn = through
	led := db.mustOpen(4)
	cut, through := newProxy(t, primary.DSN())
	db.dsn = through
	deaf := db.mustOpen(4)
	deaf.Within(time.Second)
	db.dsn = hosts
	unheard := send(t, deaf, "unheard")
	await(t, &unheard.acknowledged, 1)
	byHosts, byProxy := send(t, knows, "hosts"), send(t, led, "proxy")
	<-knows.Wake() // they listen
	<-led.Wake()
	await(t, &byHosts.acknowledged, 50+rand.Int64N(50))
	await(t, &byProxy.acknowledged, 1)

	defer cut.Strand()()
	cut.Lead("unix", standby.Socket())
	primary.Crash()
	await(t, &byHosts.failed, 1)
	await(t, &byProxy.failed, 1)
	require.NoError(t, standby.Promote())
	await(t, &byHosts.acknowledged, 1)
	require.NoError(t, primary.Follow(standby))
	await(t, &byProxy.readOnly, 1)
	p.Lead("unix", standby.Socket())
	await(t, &byProxy.acknowledged, 1)
	<-knows.Wake()
	<-led.Wake()
	await(t, &unheard.acknowledged, 1)
	unheard.check(t)
	byHosts.check(t)
	byProxy.check(t)
}

// senders are events that come in, each repeated until it is acknowledged.
type senders struct {
	s                              store.Store
	keys                           [2]store.Key
	acknowledged, failed, readOnly atomic.Int64
	stopped                        atomic.Bool
	all                            sync.WaitGroup
}

func send(t *testing.T, s store.Store, name string) *senders {
	x := &senders{s: s, keys: [2]store.Key{key(name + " 0"), key(name + " 1")}}
	for w := range 4 {
		x.all.Go(func() {
			for i := 0; !x.stopped.Load(); i++ {
				x.one(t, x.keys[w%2], eventID(fmt.Sprint(name, " ", w, "/", i)))
			}
		})
	}
	t.Cleanup(x.stop)
	return x
}

func (x *senders) one(t *testing.T, k store.Key, id store.EventID) {
	for t.Context().Err() == nil {
		err := count(t.Context(), x.s, k, id)
		if err == nil {
			x.acknowledged.Add(1)
			return
		}
		x.failed.Add(1)
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "25006" {
			x.readOnly.Add(1)
		}
	}
}

func (x *senders) stop() {
	x.stopped.Store(true)
	x.all.Wait()
}

// check compares what is stored with what was acknowledged.
func (x *senders) check(t *testing.T) {
	x.stop()
	total := 0
	for _, k := range x.keys {
		n, err := strconv.Atoi(fmt.Sprint(value(t, x.s, k)))
		require.NoError(t, err)
		total += n
	}
	assert.EqualValues(t, x.acknowledged.Load(), total)
	t.Logf("%s: %d events acknowledged, %d calls failed, %d of them since the server only read",
		x.keys[0].ID, total, x.failed.Load(), x.readOnly.Load())
}

// await waits until there are so many more: 5 s, which is how long a store may take until it serves again.
func await(t *testing.T, counted *atomic.Int64, more int64) {
	t.Helper()
	want := counted.Load() + more
	require.Eventually(t, func() bool { return counted.Load() >= want }, 5*time.Second, time.Millisecond)
}
