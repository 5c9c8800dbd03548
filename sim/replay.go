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

// Replay decides anew about all that the input log of a store holds, in its order. With the catalog that was at work it
// gives the same timelines; with another one it shows what that would have made of the same events, commands and answers. It
// sends nothing. The log reaches back as far as the store keeps it.
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
			if err := s.again(logged); err != nil {
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

// again decides about one row of the log.
func (s *Sim) again(logged store.Entry) error {
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
