//go:build !unix

package main

import (
	"errors"
	"time"
)

// cpu is known on Unix systems only.
func cpu() (time.Duration, error) { return 0, errors.ErrUnsupported }
