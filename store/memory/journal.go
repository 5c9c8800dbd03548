package memory

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	journalBytes = 64 << 20
	rowOverhead  = 64 // added to the size of each row, so that many short documents are bounded too
)

// journal is the input log. Its rows are in commit order and numbered without gaps. It drops its oldest rows to stay
// below its limit.
type journal struct {
	rows  ring[logRow]
	last  uint64 // number of the latest row
	bytes int
}

type logRow struct {
	seq uint64
	at  time.Time
	doc []byte
}

func (j *journal) add(at time.Time, doc []byte) {
	j.last++
	j.rows.push(logRow{j.last, at.UTC(), bytes.Clone(doc)})
	j.bytes += len(doc) + rowOverhead
	for j.bytes > journalBytes {
		j.forget()
	}
}

func (j *journal) forget() { j.bytes -= len(j.rows.pop().doc) + rowOverhead }

// from returns the rows numbered seq and higher, at most limit.
func (j *journal) from(seq uint64, limit int) []store.Snapshot {
	var out []store.Snapshot
	first := j.last - uint64(j.rows.n) + 1
	for seq = max(seq, first); seq <= j.last && len(out) < limit; seq++ {
		out = append(out, j.rows.at(int(seq-first)).snapshot())
	}
	return out
}

func (r *logRow) snapshot() store.Snapshot {
	key := store.Key{Kind: store.KindLog, ID: fmt.Sprintf("%020d", r.seq)} // zero-padded, so that keys sort as numbers do
	return store.Snapshot{
		Key:     key,
		Version: 1,
		Rec:     store.Entry{Seq: r.seq, At: r.at, Kind: store.KindLog, Doc: bytes.Clone(r.doc)},
		Cursor:  cursor{key: key}.String(),
	}
}

// byKey returns the row with key k, if it is still in the log.
func (j *journal) byKey(k store.Key) (store.Snapshot, bool) {
	seq, err := strconv.ParseUint(k.ID, 10, 64)
	if err != nil || k.Tenant != "" {
		return store.Snapshot{}, false
	}
	rows := j.from(seq, 1)
	if len(rows) == 0 || rows[0].Key != k {
		return store.Snapshot{}, false
	}
	return rows[0], true
}
