package service

import (
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

// TestFailedService: the Service Control Manager knows no failed service, so the original says stopped there, and under systemd unknown.
func TestFailedService(t *testing.T) {
	if got, err := statusOf(manager.Failed, false); got != StatusStopped || err != nil {
		t.Errorf("on Windows: %v, %v", got, err)
	}
	if got, err := statusOf(manager.Failed, true); got != StatusUnknown || err == nil {
		t.Errorf("under systemd: %v, %v", got, err)
	}
}
