package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// WriteYAML writes the catalog as one file from which [Load] reads the same. What has no form in YAML is an error, and
// nothing is written: strategies, schedules other than [oncall.Schedule], and whatever Load refuses.
func (c *Catalog) WriteYAML(w io.Writer) error {
	var errs []error
	for _, id := range sorted(c.Strategies) {
		errs = append(errs, fmt.Errorf("catalog: strategy %q: is code, and has no form in YAML", id))
	}
	form := documentForm()
	root, err := form.write(&document{version, *c})
	for _, e := range flatten(err) {
		errs = append(errs, fmt.Errorf("catalog: %w", e))
	}
	_, found := c.compile(&Compiled{})
	if err := errors.Join(append(errs, found.now().join())...); err != nil {
		return err
	}
	var text bytes.Buffer
	out := yaml.NewEncoder(&text)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(root), out.Close()); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	const file = "written"
	d, again := newDecoder(file), &document{}
	if read := d.parse(file, text.Bytes()); read != nil {
		form.read(d, read, &place{}, again)
	}
	if _, err := d.finish(again); err != nil {
		return fmt.Errorf("catalog: cannot be read again: %w", err)
	}
	_, err = w.Write(text.Bytes())
	return err
}
