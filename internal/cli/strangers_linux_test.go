package cli

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/folders"
)

// TestOneServiceHidesNoOther: whatever a service's account puts in the place of its lock, its socket and its record, that is said of
// this service, and the others are shown, soon.
func TestOneServiceHidesNoOther(t *testing.T) {
	home(t)
	attacks := map[string]struct {
		put  func(f folders.Folders) error
		says string
	}{
		"fifo":   {func(f folders.Folders) error { return unix.Mkfifo(filepath.Join(f.Run, "lock"), 0o600) }, "isn't a regular file"},
		"device": {func(f folders.Folders) error { return os.Symlink("/dev/zero", filepath.Join(f.Run, "lock")) }, "is a symbolic link"},
		"folder": {func(f folders.Folders) error { return os.Mkdir(f.Socket(), 0o700) }, "isn't a socket"},
		"silent": {func(f folders.Folders) error {
			l, err := net.Listen("unix", f.Socket())
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = l.Close() })
			return nil // and nobody accepts
		}, "doesn't answer"},
	}
	for name, a := range attacks {
		f := known(t, name)
		if err := a.put(f); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mkfifo(f.Incidents(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	supervise(t, "shop", up("api"))
	begin := time.Now()
	out, _ := daruma(t, ExitFailed, "status")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	has(t, out, "shop/api")
	for name, a := range attacks {
		said := false
		for line := range strings.Lines(out) {
			said = said || strings.HasPrefix(line, name+" ") && strings.Contains(line, a.says)
		}
		if !said {
			t.Errorf("%q isn't said of %s in\n%s", a.says, name, out)
		}
	}
	begin = time.Now()
	if out, _ := daruma(t, ExitDone, "__complete", "status", "silent"); !strings.Contains(out, "silent") || time.Since(begin) > 3*time.Second {
		t.Errorf("completion took %v and gave %q", time.Since(begin), out)
	}
	out, errors := daruma(t, ExitFailed, "incidents")
	has(t, out, "shop")
	has(t, errors, "fifo: ", "silent: ", "isn't a regular file")
}

// TestEndlessRecord: a record of a terabyte that takes no room on the disk holds nobody up.
func TestEndlessRecord(t *testing.T) {
	home(t)
	f := known(t, "shop")
	if err := os.WriteFile(f.Incidents(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Incidents(), 1<<40); err != nil {
		t.Skipf("this file system has no such large files: %v", err)
	}
	begin := time.Now()
	_, errors := daruma(t, ExitFailed, "incidents", "shop")
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	has(t, errors, f.Incidents(), "longer than 32 MiB")
}

// TestStatusWhileASupervisorIsStarted says what is going on, in the table, in JSON and for one service, and on a terminal after a second.
func TestStatusWhileASupervisorIsStarted(t *testing.T) {
	home(t)
	f := known(t, "shop")
	lock, err := os.Create(filepath.Join(f.Run, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if _, err := fmt.Fprintln(lock, os.Getpid()); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	text := shown(t, func(std IO) {
		if code := Main([]string{"status", "shop"}, std); code != ExitNotRunning {
			t.Errorf("exit code %d", code)
		}
	})
	has(t, text, "waiting for the supervisor of shop, which is being started or replaced, or hangs … 1s", "its keeper lives, and is starting one", "Ask again")
	if strings.Contains(text, "daruma start") {
		t.Errorf("a start is advised: %q", text)
	}
	out, _ := daruma(t, ExitNotRunning, "status")
	has(t, out, "starting", "its keeper lives")
}

// TestStatusOfASilentSupervisor: the end of the time to wait is said in words.
func TestStatusOfASilentSupervisor(t *testing.T) {
	home(t)
	l, err := net.Listen("unix", known(t, "shop").Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, said := daruma(t, ExitFailed, "status", "shop")
	has(t, said, "its supervisor doesn't answer: it is being started or replaced, or it hangs", "the programs run on")
	if strings.Contains(said, "deadline") {
		t.Error(said)
	}
}
