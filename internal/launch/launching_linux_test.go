package launch

import (
	"syscall"
	"testing"
)

// startNow starts the plan and waits for the program's exec. On an error no process is left.
func startNow(p Plan, with Attachments) (pid int, err error) {
	l, err := Start(p, with)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if l.Status >= 0 {
		_ = syscall.SetNonblock(l.Status, false)
	}
	for done := false; !done; {
		done, err = l.Outcome()
	}
	if err != nil {
		if _, e := syscall.Wait4(l.PID, nil, 0, nil); e != nil {
			return 0, e
		}
		if with.Sys != nil && with.Sys.PidFD != nil {
			syscall.Close(*with.Sys.PidFD)
			*with.Sys.PidFD = -1
		}
		return 0, err
	}
	return l.PID, nil
}

// TestOnlyRootAndOurselvesAreWaitedFor: a direct start waits for the exec, so nobody else may be able to hold that up.
func TestOnlyRootAndOurselvesAreWaitedFor(t *testing.T) {
	needRoot(t) // to give a file away
	dir := t.TempDir()
	file := func(name string, owner int) string {
		path := dir + "/" + name
		fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_CLOEXEC, 0o755)
		if err != nil {
			t.Fatal(err)
		}
		syscall.Close(fd)
		if err := syscall.Chown(path, owner, owner); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hers := file("hers", 1234)
	for name, c := range map[string]struct {
		plan Plan
		want bool
	}{
		"our own file":              {Plan{Path: file("ours", 0), UID: Leave}, false},
		"no file":                   {Plan{Path: dir + "/none", UID: Leave}, false},
		"another user":              {Plan{Path: "/bin/true", UID: 1234}, true},
		"our own user":              {Plan{Path: "/bin/true", UID: 0}, false},
		"a stranger's file":         {Plan{Path: hers, UID: Leave}, true},
		"the same, from its folder": {Plan{Path: "hers", Dir: dir, UID: Leave}, true},
		"a link to it":              {Plan{Path: link(t, hers, dir+"/link"), UID: Leave}, true},
	} {
		if got := c.plan.othersCanHoldUp(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func link(t *testing.T, to, path string) string {
	t.Helper()
	if err := syscall.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}
