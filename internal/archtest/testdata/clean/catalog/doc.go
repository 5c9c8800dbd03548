// Package catalog may load time zones and read YAML.
package catalog

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Catalog is everything decided.
type Catalog struct {
	Zones func(string) (*time.Location, error) // nil means time.LoadLocation
}

// Load reads a catalog.
func Load(text []byte) (c Catalog, err error) {
	c.Zones = time.LoadLocation
	return c, yaml.Unmarshal(text, &c)
}
