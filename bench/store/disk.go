package main

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// cell is one line of the output.
type cell struct {
	Store      string  `json:"store"` // or "disk"
	Keys       string  `json:"keys,omitempty"`
	Batch      int     `json:"b,omitempty"`
	Submitters int     `json:"submitters,omitempty"`
	PerSecond  int     `json:"per_s"` // events or writes per second
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
}

// disk measures a write of 4 KiB with fdatasync.
func disk(dir string, span time.Duration) (*cell, error) {
	file, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	block := make([]byte, 4<<10)
	var took latencies
	for began := time.Now(); time.Since(began) < span; {
		at := time.Now()
		if _, err := file.Write(block); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			return nil, err
		}
		took.add(time.Since(at))
	}
	c := &cell{Store: "disk", PerSecond: int(float64(len(took.list)) / span.Seconds())}
	c.P50, c.P99 = took.at(0.50), took.at(0.99)
	return c, nil
}
