package intake

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// CloudEvents returns a handler for CloudEvents 1.0 over HTTP, in all modes of the HTTP protocol binding: binary, structured and
// batch. Structured and batch mode must be JSON. A batch may hold 10,000 events; the events after them are refused.
//
// Attributes become fields of the event:
//
//   - id, source, type, subject, time: the field of that name. Repeats of an id and source are stored once.
//   - severity, summary, dedupkey, traceparent: the field of that name. A severity such as ok gives a resolve.
//   - signal: trigger, acknowledge, resolve or change. Defaults to the member signal of the data, then to trigger.
//   - dataschema and all other extensions: labels.
//
// An absent summary is taken from the member summary, title or message of the data, else from type and subject. A JSON object
// becomes the data of the event, with *** for members named like secrets. Any other data becomes the member data, or
// data_base64 if it is no text.
//
// The handler answers 202 after the events are stored. Refused events of a batch are reported as a finding. Other answers are
// 400 for an unusable body, 413 for a body that is too large, and 429 or 503 to ask for a retry. The handshake of
// [Endpoint.Origins] is answered with 200.
func CloudEvents(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "cloudevents", methods: []string{http.MethodPost}, maxBody: 1 << 20,
		accepts:  func(h http.Header) bool { return modeOf(h) != unknownMode },
		expected: "application/cloudevents+json, application/cloudevents-batch+json, or the headers ce-specversion, ce-id, ce-source and ce-type",
		stored:   http.StatusAccepted, partly: http.StatusAccepted, overload: http.StatusTooManyRequests, mayBegin: true, mayAsk: true,
	}, s, e)
	return g.handler(func(r *http.Request, body io.Reader) (*batch, error) {
		return decodeCloudEvents(r.Header, body, g.MaxDepth)
	})
}

// mode is a content mode of CloudEvents over HTTP.
type mode int

const (
	unknownMode mode = iota
	binaryMode
	structuredMode
	batchMode
)

func modeOf(h http.Header) mode {
	mediaType := mediaTypeOf(h.Get("Content-Type"))
	switch {
	case mediaType == "application/cloudevents-batch+json":
		return batchMode
	case mediaType == "application/cloudevents+json":
		return structuredMode
	case strings.HasPrefix(mediaType, "application/cloudevents"), h.Get("Ce-Specversion") == "":
		return unknownMode
	}
	return binaryMode
}

// mediaTypeOf returns the media type without parameters, "" for an invalid header.
func mediaTypeOf(contentType string) string {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return mediaType
}

// decodeCloudEvents reads a request. An error means that the whole request is unusable; a bad event in a batch is left out.
func decodeCloudEvents(h http.Header, body io.Reader, maxDepth int) (*batch, error) {
	b := &batch{unit: "events", maxDepth: maxDepth}
	if modeOf(h) == batchMode {
		d := json.NewDecoder(&depthReader{r: body, left: maxDepth})
		return b, located(d, b.readList(d, b.readStructured))
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if modeOf(h) == binaryMode {
		return b, b.readBinary(h, text)
	}
	return b, b.readStructured(0, text)
}

// readList calls read for each element of a list, and leaves out the elements for which read fails.
func (b *batch) readList(d *json.Decoder, read func(i int, text []byte) error) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	var raw json.RawMessage
	for i := 0; d.More(); i++ {
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("%s[%d]: %w", b.unit, i, err)
		}
		if i >= maxEvents {
			b.leaveOut(i, tooMany, errTooMany)
			continue
		}
		if err := read(i, raw); err != nil {
			b.leaveOut(i, reasonMalformed, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	return atEnd(d)
}

var errTooMany = fmt.Errorf("expected at most %d events in one body", maxEvents)

func (b *batch) readStructured(i int, text []byte) error {
	v, err := readValue(text, b.maxDepth)
	if err != nil {
		return err
	}
	members, ok := v.of.(map[string]any)
	if !ok {
		return errors.New("expected an object")
	}
	data, err := b.structuredData(members)
	if err != nil {
		return err
	}
	c := cloudEvent{attributes: make(map[string]any, len(members)), data: data.of}
	for name, member := range members {
		if name != "data" && name != "data_base64" && member != nil { // null means not set
			c.attributes[name] = member
		}
	}
	e, err := b.cloudEvent(&c)
	if err != nil {
		return err
	}
	b.note(v, data)
	b.take(i, e)
	return nil
}

func (b *batch) structuredData(members map[string]any) (value, error) {
	packed, data := members["data_base64"], members["data"]
	switch {
	case packed == nil:
		return value{of: data}, nil
	case data != nil:
		return value{}, errors.New("data: present together with data_base64, expected only one of them")
	}
	text, ok := packed.(string)
	if !ok {
		return value{}, errors.New("data_base64: expected a string")
	}
	unpacked, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return value{}, fmt.Errorf("data_base64: %w", err)
	}
	contentType, _ := members["datacontenttype"].(string)
	return b.dataFrom(contentType, unpacked)
}

// readBinary reads the one event of a request in binary mode.
func (b *batch) readBinary(h http.Header, body []byte) error {
	attributes, err := fromHeaders(h)
	if err != nil {
		return err
	}
	data, err := b.dataFrom(h.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	e, err := b.cloudEvent(&cloudEvent{attributes, data.of})
	if err != nil {
		return err
	}
	b.note(data)
	b.take(0, e)
	return nil
}

// dataFrom decodes data by its content type. Without a content type, data that parses as JSON is JSON.
func (b *batch) dataFrom(contentType string, data []byte) (value, error) {
	mediaType := mediaTypeOf(contentType)
	switch {
	case len(data) == 0:
		return value{}, nil
	case mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json"),
		contentType == "" && json.Valid(data):
		v, err := readValue(data, b.maxDepth)
		switch {
		case errors.Is(err, errTooDeep):
			return value{}, fmt.Errorf("data: %w", err)
		case err == nil:
			return v, nil
		}
		b.leave("data", fmt.Errorf("%w; kept as text", err))
		return value{of: strings.ToValidUTF8(string(data), "?")}, nil
	case utf8.Valid(data):
		return value{of: string(data)}, nil
	}
	return value{of: map[string]any{"data_base64": base64.StdEncoding.EncodeToString(data)}}, nil
}
