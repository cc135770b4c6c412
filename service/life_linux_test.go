package service

import (
	"os"
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

// needsManager skips unless the machine is a lab's, for these tests install services in it.
func needsManager(t *testing.T) {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "systemd" {
		t.Skip("installs services: needs a systemd machine of the lab, where DARUMA_LAB=systemd")
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil || os.Getuid() != 0 {
		t.Fatalf("DARUMA_LAB=systemd, but it isn't root on a machine that systemd booted: %v", err)
	}
}

// released: on Linux a folder can be deleted though somebody has a file in it open.
func (l *live) released() {}

// ended holds the service's end against what it should be.
func (l *live) ended(s manager.Status, want fate) {
	l.t.Helper()
	d := s.Systemd
	if s.State == manager.Failed != (want.code != 0) || d.ExecMainStatus != int(want.code) || d.Result != want.result {
		l.t.Errorf("it ended with %d, result %q, state %s; want %d, %q\n%s", d.ExecMainStatus, d.Result, s.State, want.code, want.result, l.read())
	}
}

// seesEarlyEnds: systemd notices a service that dies while it starts.
func seesEarlyEnds(*testing.T) {}
