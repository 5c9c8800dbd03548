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

// failsOver kills a primary while events come in over three handles. The first knows both hosts, the second uses a proxy,
// and the third gets no sign that its connections are dead. Then the standby is promoted, and the old primary comes back
// as a standby, to which the proxy leads for a while. Every handle must work again at most 5 s after it can reach a
// primary, without being opened again. No acknowledged event may be missing or counted twice, and listeners must get
// hints again.
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
	<-knows.Wake() // both listen now
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

// senders submit events, and repeat each until it is acknowledged.
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

// check compares the stored events with the acknowledged ones.
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

// await waits until counted has grown by more. It fails after 5 s, the time that a store may take to work again.
func await(t *testing.T, counted *atomic.Int64, more int64) {
	t.Helper()
	want := counted.Load() + more
	require.Eventually(t, func() bool { return counted.Load() >= want }, 5*time.Second, time.Millisecond)
}
