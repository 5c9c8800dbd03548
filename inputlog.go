package tocsin

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// inputLog writes the input log for sim.Replay. It is off for the memory store, since the log would be lost with the process.
type inputLog struct {
	off     bool
	writers sync.Pool // of *flate.Writer
}

func newInputLog(s store.Store) inputLog {
	_, forgets := s.(*memory.Store)
	return inputLog{off: forgets}
}

// row returns the row of the log for a commit; nil if the commit changes nothing or the log is off.
func (l *inputLog) row(c *core.Core, d *core.Decision, inputs []core.Input) ([]byte, error) {
	if l.off || len(d.Put)+len(d.Tasks)+len(d.Cancel) == 0 {
		return nil, nil
	}
	doc, err := c.EncodeInputs(inputs, d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrData, err)
	}
	return l.pack(doc)
}

// unpack decompresses a row.
func unpack(row []byte) ([]byte, error) { return io.ReadAll(flate.NewReader(bytes.NewReader(row))) }

// pack compresses a row.
func (l *inputLog) pack(doc []byte) (_ []byte, err error) {
	var row bytes.Buffer
	w, ok := l.writers.Get().(*flate.Writer)
	if ok {
		w.Reset(&row)
	} else if w, err = flate.NewWriter(&row, flate.BestSpeed); err != nil {
		return nil, err
	}
	defer l.writers.Put(w)
	if _, err := w.Write(doc); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return row.Bytes(), nil
}
