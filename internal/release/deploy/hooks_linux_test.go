package deploy

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// TestHooks: one that fails or hangs leaves the current release as it is, and nothing of it is left.
func TestHooks(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", map[string]string{"hooks/before": "#!/bin/sh\nexit 0\n"})); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(t.TempDir(), "pid")
	for name, c := range map[string]struct{ hook, want string }{
		"fails":   {"#!/bin/sh\necho no table; exit 3\n", "hooks/before failed: exit status 3; it said: no table"},
		"hangs":   {"#!/bin/sh\nsleep 1000 & echo $! >" + mark + "\nwait\n", "it was ended after 3s"},
		"no hook": {"hello", "hooks/before failed"},
	} {
		settings := p.settings()
		if name == "hangs" {
			settings.HookTimeout = 3 * time.Second // it must have written its mark
		}
		err := p.deployAs(packageOf(t, "1.1.0", map[string]string{"hooks/before": c.hook}), settings, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		p.want("1.0.0", store.Kept)
		if _, err := os.Stat(filepath.Join(p.root, "releases", "1.1.0")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: its files are still there: %v", name, err)
		}
	}
	wantDead(t, mark)
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	// One that succeeds, and leaves a process in a session of its own.
	left := "#!/bin/sh\nsetsid sh -c 'echo $$ >" + mark + "; exec sleep 1000' &\nuntil [ -s " + mark + " ]; do sleep 0.01; done\n"
	if err := p.deploy(packageOf(t, "1.2.0", map[string]string{"hooks/before": left})); err != nil {
		t.Fatal(err)
	}
	wantDead(t, mark)
}

func wantDead(t *testing.T, mark string) {
	t.Helper()
	pid, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	// It was killed; who collects it is init's business.
	if stat, err := os.ReadFile("/proc/" + string(bytes.TrimSpace(pid)) + "/stat"); err == nil && !bytes.Contains(stat, []byte(") Z ")) {
		t.Errorf("a process of the hook lives on: %s", stat)
	}
}
