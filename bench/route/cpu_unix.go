//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpu returns the processor time of this process. Other processes do not add to it.
func cpu() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
