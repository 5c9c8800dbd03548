// Package sqlite is released: not even its tests look inside.
package sqlite
