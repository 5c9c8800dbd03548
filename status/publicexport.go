package status

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// export writes every file of the site into a folder, and removes the pages of incidents that it has no more. A reader finds each file as it
// was or as it is, and never a part. It goes on after an error, and returns all of them.
func (s *site) export(folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	var all []error
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		to := name
		if to == "" || strings.HasSuffix(to, "/") {
			to += "index.html"
		}
		if err := replace(root, to, s.files[name].body); err != nil {
			all = append(all, fmt.Errorf("%s: %w", to, err))
		}
	}
	return errors.Join(append(all, s.forgotten(root))...)
}

// replace writes a file as a whole, unless it holds the same already.
func replace(root *os.Root, name string, body []byte) error {
	if old, err := root.ReadFile(name); err == nil && bytes.Equal(old, body) {
		return nil
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	part := name + ".part"
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return root.Rename(part, name)
}

// forgotten removes the pages of incidents that the site has no more, and nothing that it did not write.
func (s *site) forgotten(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), "incidents")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if name := "incidents/" + e.Name(); s.files[name+"/"] == nil && e.IsDir() {
			_ = root.Remove(name + "/index.html.part") // of a process that was killed; mostly there is none
			bad := root.Remove(name + "/index.html")
			if bad == nil {
				bad = root.Remove(name)
			}
			if !errors.Is(bad, fs.ErrNotExist) {
				err = errors.Join(err, bad)
			}
		}
	}
	return err
}
