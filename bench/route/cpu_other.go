//go:build !unix

package main

import (
	"errors"
	"time"
)

// cpu is available on Unix only.
func cpu() (time.Duration, error) { return 0, errors.ErrUnsupported }
