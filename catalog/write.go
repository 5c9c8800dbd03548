package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// WriteYAML writes the catalog as one file, from which [Load] reads the same. It writes nothing and returns an error for what
// Load refuses, and for code: strategies, and schedules other than [oncall.Schedule].
func (c *Catalog) WriteYAML(w io.Writer) error {
	var errs []error
	for _, id := range sorted(c.Strategies) {
		errs = append(errs, fmt.Errorf("catalog: strategy %q: is code, and has no form in YAML", id))
	}
	s := all()
	form := s.form()
	root, err := form.write(&document{version, *c})
	for _, e := range fault.Of(err) {
		errs = append(errs, fmt.Errorf("catalog: %w", e))
	}
	_, flaws := s.compile(c, &Compiled{})
	if err := errors.Join(append(errs, c.refused(lasting(flaws)))...); err != nil {
		return err
	}
	var text bytes.Buffer
	out := yaml.NewEncoder(&text)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(root), out.Close()); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	const file = "written"
	d, again := s.decoder(file), &document{}
	if read := d.parse(file, text.Bytes()); read != nil {
		form.read(d, read, d.whole, again)
	}
	if _, err := d.finish(again); err != nil {
		return fmt.Errorf("catalog: cannot be read again: %w", err)
	}
	_, err = w.Write(text.Bytes())
	return err
}
