package codec_test

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// A store keeps the number of the schema beside each document. A document that a newer replica wrote is left alone.
func Example() {
	c := codec.New()
	rec, err := c.Decode("switch", codec.Schema, []byte(`{"by":"ana","text":"a drill","at":"2026-03-02T12:00:00Z"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := c.Encode("switch", codec.Schema, rec)
	fmt.Println(string(doc), err)

	_, err = c.Decode("switch", codec.Schema+1, []byte(`{}`))
	fmt.Println(errors.Is(err, store.ErrNewer))
	// Output:
	// {"by":"ana","text":"a drill","at":"2026-03-02T12:00:00Z"} <nil>
	// true
}
