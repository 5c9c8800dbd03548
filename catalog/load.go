package catalog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const maxSize = 16 << 20 // bytes of all files together

// Load reads a catalog from every .yaml and .yml file beneath the root, in the order of their paths, and validates it. It
// skips files and directories whose names begin with a dot.
//
// Teams may have files of their own. Sections by name are united, and a name in two files is a fault. Impact rules and routes
// follow each other in the order of the files. Defaults and matrix stand in one file. At least one file must say version: 1.
// Load refuses anchors, aliases, tags, a second document in a file, and more than 16 MiB together.
//
// Code has no form in YAML. A program adds its strategies and its own schedules to the catalog after Load. Load therefore
// takes a level whose strategy is unknown; [Catalog.Validate] does not.
//
// The error joins all faults in the order of the files, each a [*FileError]. The catalog keeps the places, so that the errors of
// [Catalog.Validate] and the findings of [Catalog.Vet] have them too. A part that is added or changed in Go later has the place
// of the nearest part around it that was read.
func Load(fsys fs.FS) (*Catalog, error) { return all().load(fsys) }

func (s sections) load(fsys fs.FS) (*Catalog, error) {
	if fsys == nil {
		return nil, errors.New("catalog: the file system is nil, expected one such as os.DirFS(\"/etc/tocsin\")")
	}
	files, err := find(fsys)
	if err != nil {
		return nil, unreadable(fsys, err)
	}
	d := s.decoder(files[0])
	doc, form, left := &document{}, s.form(), int64(maxSize)
	for _, file := range files {
		data, err := readFile(fsys, file, &left)
		if err != nil {
			return nil, unreadable(fsys, err)
		}
		if root := d.parse(file, data); root != nil {
			form.read(d, root, d.whole, doc)
		}
	}
	return d.finish(doc)
}

// decoder shows faults of the catalog as a whole at the first file.
func (s sections) decoder(first string) *decoder {
	return &decoder{sections: s, whole: &part{position: position{first, 1, 1}}, zones: map[string]*time.Location{}}
}

// finish adds what is wrong with the whole.
func (d *decoder) finish(doc *document) (*Catalog, error) {
	if doc.version == 0 && !d.whole.part("version").broken && !d.whole.broken {
		d.add(d.whole.position, d.whole, "version is missing, expected version: 1 in one file at least")
	}
	c := &doc.Catalog
	c.places = d.whole
	_, flaws := d.sections.compile(c, &Compiled{})
	for _, f := range lasting(flaws) {
		var shown *FileError
		if !d.follows(&f) && errors.As(f.show(c.places), &shown) {
			d.errs = append(d.errs, shown)
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

// follows reports whether a flaw may only be the echo of a fault: of what could not be read there, or of names in a file that
// could not.
func (d *decoder) follows(f *flaw) bool {
	if f.misses != "" && (d.whole.broken || d.whole.part(f.misses).broken) {
		return true
	}
	known := d.whole.along(f.path)
	return len(known) > len(f.path) && known[len(f.path)].partly ||
		slices.ContainsFunc(known[1:], func(p *part) bool { return p.broken })
}

// unreadable says which file or directory could not be read, and why. The errors of [os.DirFS], which is a text, leave out the
// directory.
func unreadable(fsys fs.FS, err error) error {
	root, name := "", "."
	if v := reflect.ValueOf(fsys); v.Kind() == reflect.String {
		root = v.String()
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		name, err = at.Path, at.Err
	}
	if name == "." {
		return fmt.Errorf("catalog: directory %q: %w, expected .yaml or .yml files in it", cmp.Or(root, "."), err)
	}
	return fmt.Errorf("catalog: file %q: %w", path.Join(root, name), err)
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
		err = errors.New("it holds no catalog")
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
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("the files are larger than %d bytes together", maxSize)}
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
		d.whole.broken = true
		d.add(position{d.file, 1, 1}, d.whole, "found nothing, expected a mapping of sections")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	switch err := in.Decode(&second); {
	case err == nil:
		d.add(position{d.file, second.Line, second.Column}, d.whole, "found a second document, expected one in each file")
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
