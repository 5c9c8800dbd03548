//go:build unix

package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser returns the user that the server runs as: nil for the current user, another user if that is root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range [...]string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return nil, fmt.Errorf("postgrestest: user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("postgrestest: PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// give changes the owner of the folder to the server's user.
func (s *Server) give() error {
	as, err := serverUser()
	if err != nil || as == nil {
		return err
	}
	return os.Chown(s.dir, int(as.Uid), int(as.Gid))
}

// unprivileged runs a program as the server's user, in its own process group, so that an interrupt from the terminal does
// not reach it.
func unprivileged() *syscall.SysProcAttr {
	as, _ := serverUser() // give has checked the error
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}
}
