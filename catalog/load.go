package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const maxSize = 16 << 20 // bytes of all files together

// Load reads a catalog from every .yaml and .yml file beneath the root, in the order of their paths, and validates it.
// Files and directories whose names begin with a dot are left out. Teams may own files: mappings of names are united, and
// a name that is there twice is a fault; impact rules and routes follow each other in the order of the files; defaults and
// matrix stand in one file. Each file may say, and one must, that the format has version 1. Anchors, aliases, tags and
// several documents in one file are refused, and so are more than 16 MiB.
//
// What is code has no form in YAML, and is added to the catalog afterwards: a strategy that a level names, and a schedule of
// one's own in the place of one in the file. Whether there is such a strategy is therefore asked by [Catalog.Validate], and
// so by who takes the catalog in.
//
// The error joins all faults of all files, each a [*FileError], in their order. The places stay with the catalog, so that
// what [Catalog.Validate] and [Catalog.Vet] say later has them too; who changes it in Go afterwards gets those of what was
// read.
func Load(fsys fs.FS) (*Catalog, error) {
	files, err := find(fsys)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	d := newDecoder(files[0])
	doc, form, left := &document{}, documentForm(), int64(maxSize)
	for _, file := range files {
		data, err := readFile(fsys, file, &left)
		if err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		if root := d.parse(file, data); root != nil {
			form.read(d, root, &place{}, doc)
		}
	}
	return d.finish(doc)
}

// newDecoder shows faults of the catalog as a whole at the first file.
func newDecoder(first string) *decoder {
	return &decoder{
		places: &places{parts: map[string]position{"": {first, 1, 1}}, rules: map[string]*expression{}},
		broken: map[string]bool{}, partly: map[string]bool{}, repeated: map[string]bool{}, zones: map[string]*time.Location{},
	}
}

// finish adds what is wrong with the whole.
func (d *decoder) finish(doc *document) (*Catalog, error) {
	if doc.version == 0 && !d.broken["version"] && !d.broken[""] {
		d.add(d.places.parts[""], "version is missing, expected version: 1 in one file at least")
	}
	c := &doc.Catalog
	c.places = d.places
	_, found := c.compile(&Compiled{})
	for _, f := range found.now().list {
		if !d.follows(&f) {
			d.errs = append(d.errs, &FileError{f.at.file, f.at.line, f.at.column, f.err})
		}
	}
	if len(d.errs) == 0 {
		return c, nil
	}
	sortErrors(d.errs)
	errs := make([]error, len(d.errs))
	for i, err := range d.errs {
		errs[i] = err
	}
	return nil, errors.Join(errs...)
}

// follows reports whether a fault may only be the echo of another: of what could not be read there, or of names in a file
// that could not.
func (d *decoder) follows(f *flaw) bool {
	if f.misses != "" && (d.broken[""] || d.broken[f.misses]) || d.partly[f.path] {
		return true
	}
	for p, more := f.path, true; more; p, more = above(p) {
		if p != "" && d.broken[p] {
			return true
		}
	}
	return false
}

func find(fsys fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."): // as Kubernetes keeps the true files of a ConfigMap
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")):
			files = append(files, name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("no .yaml or .yml file, expected at least one")
	}
	return files, err
}

func readFile(fsys fs.FS, name string, left *int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, *left+1))
	if err != nil {
		return nil, err
	}
	if *left -= int64(len(data)); *left < 0 {
		return nil, fmt.Errorf("%s: the files are larger than %d bytes together", name, maxSize)
	}
	return data, nil
}

// parse returns the root of the one document of the file, nil with a fault where there is none.
func (d *decoder) parse(file string, data []byte) *yaml.Node {
	d.file = file
	d.lines = splitLines(string(data))
	in := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := in.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && doc.Content[0].ShortTag() == "!!null":
		d.broken[""] = true
		d.add(position{d.file, 1, 1}, "found nothing, expected a mapping of sections")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	switch err := in.Decode(&second); {
	case err == nil:
		d.add(position{d.file, second.Line, second.Column}, "found a second document, expected one in each file")
	case !errors.Is(err, io.EOF):
		d.syntax(err)
	}
	return doc.Content[0]
}

// splitLines splits at everything that ends a line in YAML.
func splitLines(text string) []string {
	ends := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	return strings.Split(ends.Replace(text), "\n")
}
