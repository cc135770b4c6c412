package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// Missing says what the host lacks for the lab and how to get it, "" where it has all. Everything that .ci/run installs.
func Missing() string {
	if name := os.Getenv("DARUMA_LAB"); name != "" {
		return "a host; this is a machine of the lab (DARUMA_LAB=" + name + ")"
	}
	var list []string
	if os.Geteuid() != 0 {
		list = append(list, "root (namespaces, mounts): run the tests as root")
	}
	if runtime.GOARCH != "amd64" {
		list = append(list, "an amd64 processor, for which Wine and user-mode Linux are built")
	}
	for _, need := range []struct{ program, source string }{
		{"apt-get", "a Debian"}, {"dpkg-deb", "a Debian"}, {"bash", "bash"}, {"perl", "perl"},
		{"unshare", "util-linux"}, {"nsenter", "util-linux"}, {"mount", "mount"}, {"find", "findutils"},
	} {
		if _, err := exec.LookPath(need.program); err != nil {
			list = append(list, need.program+" ("+need.source+")")
		}
	}
	if _, err := os.Stat("/usr/share/keyrings/debian-archive-keyring.gpg"); err != nil {
		list = append(list, "Debian's keys (debian-archive-keyring)")
	}
	if text, err := os.ReadFile("/proc/filesystems"); err == nil && !strings.Contains(string(text), "\toverlay") {
		list = append(list, "overlayfs (modprobe overlay)")
	}
	return strings.Join(list, "; ")
}

// prepare gives a machine's space, built of part by script, or skips the test where the host can't have it.
func prepare(t testing.TB, part, script string, args ...string) *space {
	t.Helper()
	lacks := Missing()
	if lacks != "" && os.Getenv("DARUMA_CI") == "" {
		t.Skipf("the lab's %s machine needs: %s", part, lacks)
	} else if lacks != "" {
		t.Fatalf("the lab's %s machine needs: %s; with DARUMA_CI set that is a failure", part, lacks)
	}
	dir, err := Build(part, func(s string) { fmt.Fprintln(os.Stderr, "lab:", s) })
	if err != nil {
		if os.Getenv("DARUMA_CI") == "" && strings.Contains(err.Error(), "building the lab") {
			t.Skipf("the lab's %s machine couldn't be built (with DARUMA_CI set that is a failure): %v", part, err)
		}
		t.Fatal(err)
	}
	s, err := open(script, append([]string{dir}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
