// Package tocsintest runs stories.
package tocsintest
