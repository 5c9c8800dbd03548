package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	reserveBytes = 4 << 20
	commandBytes = 1 << 20 // part of the reserve for Updates with event ids that create no record, such as commands
	rowOverhead  = 512     // added for each row, beside its documents
	refuseEach   = 16      // number of refused Updates after which the store looks for free space again

	// wal_autocheckpoint in pages: at this size of the write-ahead log the writer makes a checkpoint itself, and the log
	// starts again. Usually that is a last resort; while the reserve is spent it keeps the log within the remaining
	// space.
	usualLog = 8_000
	spentLog = 64

	framedPage = 4096 + 24 // bytes of a page in the log
)

// reserve is a file that reserves disk space. When the disk is full the store deletes it, so that stored incidents can
// still be paged, escalated, acknowledged and settled. Updates that create records are refused until there is space for a
// new reserve. Commands carry an event id; repeated events do too, and their number is unlimited. So Updates with event
// ids may use only a part of the reserve.
type reserve struct {
	path     string
	spent    bool
	refused  int // refused Updates since the reserve was spent
	commands int // bytes used by Updates with event ids since then
}

// fill creates the reserve file. After the reserve was spent it needs twice the space: once for the file, and once for
// the work that has used the first.
func (r *reserve) fill() error {
	if info, err := os.Stat(r.path); err == nil && info.Size() == reserveBytes {
		r.spent = false
		return nil
	}
	size := reserveBytes
	if r.spent {
		size *= 2
	}
	err := os.WriteFile(r.path, make([]byte, size), 0o600)
	if err == nil {
		err = os.Truncate(r.path, reserveBytes)
	}
	if err != nil {
		_ = os.Remove(r.path)
	}
	r.spent = err != nil
	return err
}

// spend deletes the reserve file, to free its space.
func (s *Store) spend() error {
	_ = os.Remove(s.reserve.path)
	s.reserve.spent, s.reserve.refused, s.reserve.commands = true, 0, 0
	return s.limitLog(spentLog)
}

// refill creates the reserve file again, if there is space.
func (s *Store) refill() error {
	if !s.reserve.spent || s.reserve.fill() != nil {
		return nil
	}
	return s.limitLog(usualLog)
}

func (s *Store) limitLog(pages int) error {
	_, err := s.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", pages))
	return err
}

// refuses returns errDiskFull if b must wait for disk space: it creates records, or commands have used their part.
func (s *Store) refuses(events []store.EventID, b *store.Batch) error {
	if !s.reserve.spent || !creates(b) && s.reserve.admits(events, b) {
		return nil
	}
	if s.reserve.refused++; s.reserve.refused%refuseEach == 0 {
		if err := s.refill(); err != nil {
			return err
		}
	}
	if s.reserve.spent {
		return errDiskFull
	}
	return nil
}

// admits reports whether an Update with event ids fits into the commands' part of the reserve, and counts its bytes.
func (r *reserve) admits(events []store.EventID, b *store.Batch) bool {
	if len(events) == 0 {
		return true
	}
	bytes := len(b.Log) + len(events)*(len(store.EventID{})+8) + rowOverhead*(2+len(b.Put)+len(b.Tasks))
	for i := range b.Put {
		for _, e := range b.Put[i].Entries {
			bytes += len(e.Doc) + rowOverhead
		}
	}
	for i := range b.Tasks {
		bytes += len(b.Tasks[i].Payload)
	}
	if r.commands+bytes > commandBytes {
		return false
	}
	r.commands += bytes
	return true
}

func creates(b *store.Batch) bool {
	for i := range b.Put {
		if b.Put[i].Version == 0 && b.Put[i].Rec != nil {
			return true
		}
	}
	return false
}

var errDiskFull = errors.New("sqlite: the disk is full: only work on stored records goes on")
