package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/tocsin-dev/tocsin/store"
)

// errDamaged means that a row differs from the row that was written.
var errDamaged = errors.New("damaged: the checksum does not match")

// damaged returns an error that names a damaged row.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format+": %w", append(append([]any{store.ErrUnreadable}, args...), errDamaged)...)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is a checksum over the columns of a row. SQLite has no checksums of its own.
type sum struct {
	crc uint32
	buf []byte
}

func (s *sum) texts(columns ...string) {
	for _, c := range columns {
		s.buf = append(binary.AppendUvarint(s.buf, uint64(len(c))), c...)
	}
}

func (s *sum) numbers(columns ...int64) {
	for _, c := range columns {
		s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(c))
	}
}

// instants adds columns that may be NULL.
func (s *sum) instants(columns ...instant) {
	for _, c := range columns {
		if c.Valid {
			s.numbers(c.Int64)
		}
		s.buf = append(s.buf, 0)
	}
}

func (s *sum) bytes(columns ...[]byte) {
	for _, c := range columns {
		s.buf = binary.AppendUvarint(s.buf, uint64(len(c)))
		s.crc = crc32.Update(s.crc, castagnoli, s.buf)
		s.crc = crc32.Update(s.crc, castagnoli, c)
		s.buf = s.buf[:0]
	}
}

func (s *sum) result() int64 { return int64(crc32.Update(s.crc, castagnoli, s.buf)) }
