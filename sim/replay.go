package sim

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/store"
)

// Replay repeats the decisions about all inputs in the log of a store, in their order. With the original catalog it yields the
// same timelines. With another catalog it shows the timelines that the same events, commands and outcomes would have had.
// Replay sends nothing. It starts at the oldest row that the store keeps, and returns an error if there is none.
func Replay(ctx context.Context, c *catalog.Catalog, from store.Store) (*Sim, error) {
	q := store.Query{Kind: store.KindLog, Limit: 1_000}
	var s *Sim
	for {
		rows, err := from.Read(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("sim: replay: %w", err)
		}
		for _, row := range rows {
			logged := row.Rec.(store.Entry)
			if s == nil {
				if s, err = New(c, logged.At); err != nil {
					return nil, err
				}
			}
			if err := s.redo(logged); err != nil {
				return nil, fmt.Errorf("sim: replay: row %d of the log: %w", logged.Seq, err)
			}
		}
		if len(rows) == 0 {
			break
		}
		q.After = rows[len(rows)-1].Cursor
	}
	if s == nil {
		return nil, errors.New("sim: replay: the store has no input log")
	}
	return s, nil
}

// redo decides about one row of the log.
func (s *Sim) redo(logged store.Entry) error {
	doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(logged.Doc)))
	if err != nil {
		return err
	}
	inputs, err := s.core.DecodeInputs(s.cat, doc)
	if err != nil {
		return err
	}
	s.now = logged.At
	_, err = s.commit(inputs, nil)
	return err
}
