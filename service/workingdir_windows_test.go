package service

import (
	"context"
	"os"
	"strings"
	"testing"
)

// TestWorkingDir: Windows starts services in its system folder; a service goes to its own.
func TestWorkingDir(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chdir(before) })
	dir := t.TempDir()
	run := inWorkingDir(dir, func(context.Context, *Host) error {
		if now, err := os.Getwd(); err != nil || !strings.EqualFold(now, dir) {
			t.Errorf("in %s, want %s: %v", now, dir, err)
		}
		return nil
	})
	if err := run(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := os.Chdir(before); err != nil { // a folder that a process is in can't be removed
		t.Error(err)
	}
	run = inWorkingDir(dir+"-none", func(context.Context, *Host) error { t.Error("the service ran"); return nil })
	if err := run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "WorkingDir") {
		t.Errorf("without the folder: %v", err)
	}
}
