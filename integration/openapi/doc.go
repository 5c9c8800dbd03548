// Package openapi tests that clients generated from the file of OpenAPI of package status work.
package openapi
