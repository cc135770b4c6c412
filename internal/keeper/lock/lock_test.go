package lock

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, clean, err := Take(path)
	if err != nil || !clean {
		t.Fatalf("a lock that nobody ever held: clean %v, %v", clean, err)
	}
	// The lock belongs to the open file, so that a second one of this process counts like another process'.
	_, _, err = Take(path)
	if held := (*HeldError)(nil); !errors.As(err, &held) || held.PID != strconv.Itoa(os.Getpid()) {
		t.Errorf("the second holder is told %v", err)
	}
	first.Release()
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
	second, clean, err := Take(path)
	if err != nil || !clean {
		t.Fatalf("after a release: clean %v, %v", clean, err)
	}
	_ = second.file.Close() // as if it was killed
	third, clean, err := Take(path)
	if err != nil || clean {
		t.Fatalf("after a holder was killed: clean %v, %v", clean, err)
	}
	third.Release()
}
