package realtest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestDeploys: releases of a real service come and go. One that falls after it was ready takes itself back, and what ran before runs again.
func TestDeploys(t *testing.T) {
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir, port := folder(t), freePort(t)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	pack := func(version, end string) string {
		src := filepath.Join(dir, version)
		if err := os.MkdirAll(filepath.Join(src, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(src, "daruma.yaml"), fmt.Sprintf("name: real\nprograms:\n  web:\n    command: [bin/server]\n"+
			"    readinessProbe: {httpGet: {path: /health, port: %d}, periodSeconds: 0.1}\n", port))
		script := fmt.Sprintf("#!/bin/sh\necho this is %s\n%s\nexec %s http --addr 127.0.0.1:%d\n", version, end, testbin.Path(t), port)
		if err := os.WriteFile(filepath.Join(src, "bin", "server"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, version+".zip")
		if out, code := s.verb("pack", src, "--version", version, "-o", file); code != 0 {
			t.Fatal(out)
		}
		return file
	}
	deploy := func(file string, code int, words ...string) {
		t.Helper()
		out, got := s.verb("deploy", file, "--unsigned", "--min-ready-seconds", "1.5")
		if got != code {
			t.Fatalf("exit code %d, want %d: %s", got, code, out)
		}
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("%q isn't in: %s", w, out)
			}
		}
	}
	deploy(pack("1.0.0", ""), 0, "is in place")
	s.begin(exec.Command(daruma, "run", filepath.Join(s.home, "real", "config", "daruma.yaml")))
	s.awaitReady("web", 0)
	deploy(pack("1.1.0", ""), 0, "real 1.1.0 is kept")
	_, before := s.status("web")
	deploy(pack("1.2.0", "(sleep 0.7; kill -9 $$) &"), 1, "release 1.2.0 didn't stay: web fell", "SIGKILL", "1.1.0 is back", "this is 1.2.0")
	_, now := s.status("web")
	if !now.Ready || now.Generation <= before.Generation {
		t.Errorf("after the fall: %+v", now)
	}
	if out, code := s.verb("rollback", "real"); code != 0 || !strings.Contains(out, "1.0.0 is in force again") {
		t.Errorf("%d %s", code, out)
	}
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/health", port))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	if out, _ := s.verb("releases", "real"); !strings.HasPrefix(out, "* 1.0.0") || !strings.Contains(out, "1.2.0            fallen") {
		t.Error(out)
	}
}
