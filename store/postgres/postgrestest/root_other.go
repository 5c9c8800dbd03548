//go:build !unix

package postgrestest

import "syscall"

func (s *Server) give() error { return nil }

func unprivileged() *syscall.SysProcAttr { return nil }
