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
	commandBytes = 1 << 20 // of it, for what carries event ids and makes no record
	rowRoom      = 512     // counted for each row beside its documents
	refuseEach   = 16      // refused updates between two looks whether there is room again

	// How many pages the write-ahead log has when the writer itself makes a checkpoint, so that the log begins anew: as a
	// last resort, and while the reserve is spent, so that the log goes on in the room that it has.
	usualLog = 8_000
	spentLog = 64
)

// reserve is room on the disk that a file keeps for the store. When the disk is full it is let go, so that what is stored is
// still paged, escalated, acknowledged and settled; what brings in something new is refused until there is room for the
// reserve again. A command carries an event id, as repeats of events may, which no limit bounds: they get a part of it.
type reserve struct {
	path     string
	spent    bool
	refused  int // since it was spent
	commands int // bytes that went to commands since
}

// fill takes the room. Where it was spent, there must be as much again: what it left behind is not yet room for new things.
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

// spend gives up the reserve.
func (s *Store) spend() error {
	_ = os.Remove(s.reserve.path)
	s.reserve.spent, s.reserve.refused, s.reserve.commands = true, 0, 0
	return s.limitLog(spentLog)
}

// refill takes the reserve again, if there is room.
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

// refuses says why b has to wait until there is room: it makes records, or commands had their part.
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
		return errNoRoom
	}
	return nil
}

// admits takes the room for what carries event ids, if there is as much left.
func (r *reserve) admits(events []store.EventID, b *store.Batch) bool {
	if len(events) == 0 {
		return true
	}
	bytes := len(b.Log) + len(events)*(len(store.EventID{})+8) + rowRoom*(2+len(b.Put)+len(b.Tasks))
	for i := range b.Put {
		for _, e := range b.Put[i].Entries {
			bytes += len(e.Doc) + rowRoom
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

var errNoRoom = errors.New("sqlite: the disk is full: only what is stored already goes on")
