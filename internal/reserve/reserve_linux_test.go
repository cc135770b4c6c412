package reserve

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDescriptors(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 64
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	if err := Descriptors(16); err != nil {
		t.Fatalf("with nearly all of 64 free: %v", err)
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for Descriptors(16) == nil {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatalf("none left after %d files, and Descriptors had said there were: %v", len(files), err)
		}
		files = append(files, f)
	}
	if err := Descriptors(16); !errors.Is(err, unix.EMFILE) {
		t.Errorf("error %v, want EMFILE", err)
	}
	last := int(files[len(files)-1].Fd())
	if err := DescriptorsBehind(last, 16); !errors.Is(err, unix.EMFILE) {
		t.Errorf("behind file %d: error %v, want EMFILE", last, err)
	}
	if err := DescriptorsBehind(last, 15); err != nil {
		t.Errorf("behind file %d 15 are left: %v", last, err)
	}
	for range 15 { // what was kept back is really there
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
}

func TestThreads(t *testing.T) {
	Threads(9)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) < 9 {
		t.Errorf("%d threads, want at least 9", len(tasks))
	}
}
