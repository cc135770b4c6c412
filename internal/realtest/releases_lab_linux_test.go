package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// releaseBox is a machine that systemd has booted, with daruma in it.
type releaseBox struct {
	*lab.Machine
	t *testing.T
}

func newReleaseBox(t *testing.T) *releaseBox {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
	b := &releaseBox{Machine: lab.Linux(t), t: t}
	daruma := filepath.Join(t.TempDir(), "daruma")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", daruma, "../../cmd/daruma")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	b.Copy(daruma, "/usr/local/bin/daruma")
	b.says(0, "pack", "--keygen", "/srv/release.key", "--no-password")
	return b
}

// says runs a verb and fails where it ends with another code, or doesn't say the words.
func (b *releaseBox) says(code int, args ...string) string {
	b.t.Helper()
	r, err := b.Run(b.t.Context(), "daruma", args...)
	if err != nil || r.ExitCode != code {
		b.t.Fatalf("daruma %s: want exit code %d: %v %v", strings.Join(args, " "), code, err, r)
	}
	return string(r.Stdout) + string(r.Stderr)
}

// pack makes a signed release whose program writes what it may do into its log, and then goes on with end.
func (b *releaseBox) pack(version, end string) string {
	b.t.Helper()
	src := "/srv/src-" + version
	b.Write(src+"/daruma.yaml", "name: shop\nprograms:\n  api: {command: [bin/server], envFiles: [conf/api.env]}\n", 0o644)
	b.Write(src+"/conf/api.env", "SECRET=default\n", 0o644)
	b.Write(src+"/conf/app.yml", "default\n", 0o644)
	b.Write(src+"/bin/server", fmt.Sprintf("#!/bin/sh\ncat bin/server >/dev/null && echo this is %s with $SECRET and $(cat conf/app.yml)\n"+
		"{ touch here || touch conf/here || rm bin/server; } 2>/dev/null && echo MAY WRITE\n%s\n", version, end), 0o755)
	file := "/srv/" + version + ".zip"
	b.says(0, "pack", src, "--version", version, "-o", file, "--sign", "/srv/release.key")
	return file
}

// deploy deploys it, and fails where the answer lacks one of words.
func (b *releaseBox) deploy(file string, code int, words ...string) {
	b.t.Helper()
	out := b.says(code, "deploy", file, "--min-ready-seconds", "0.6")
	for _, w := range words {
		if !strings.Contains(out, w) {
			b.t.Errorf("%q isn't in: %s", w, out)
		}
	}
}

// runs waits until the service runs the release, which says so itself in the last line of its log.
func (b *releaseBox) runs(version string) {
	b.t.Helper()
	script := "until daruma logs shop/api | tail -n 1 | grep -q 'this is " + version + " with mine and ours$' && systemctl is-active -q shop 2>/dev/null; do sleep 0.1; done"
	if r, err := b.Run(b.t.Context(), "timeout", "20", "sh", "-c", script); err != nil || r.ExitCode != 0 {
		b.t.Fatalf("%s doesn't run: %v; %s\n%s", version, err, b.says(0, "releases", "shop"), b.says(0, "logs", "shop/api"))
	}
}

// TestDeploysOfAnInstalledService: releases of a systemd service under an account of its own come, fall and go; what fell stays away
// over a boot and whatever ensure does, and the account can read what it runs and not change it.
func TestDeploysOfAnInstalledService(t *testing.T) {
	b := newReleaseBox(t)
	b.Write("/etc/daruma/shop/conf/api.env", "SECRET=mine\n", 0o600)
	b.Write("/etc/daruma/shop/conf/app.yml", "ours\n", 0o600) // no envFile: the program reads it
	b.deploy(b.pack("1.0.0", "exec sleep 1000"), 2, "no key is trusted for shop")
	if out := b.says(0, "deploy", "/srv/1.0.0.zip", "--key", "/srv/release.key.pub"); !strings.Contains(out, "daruma install shop --now") {
		t.Error(out)
	}
	b.says(0, "install", "shop", "--now")
	b.runs("1.0.0")
	b.deploy(b.pack("1.1.0", "exec sleep 1000"), 0, "shop 1.1.0 is kept")
	b.runs("1.1.0")
	b.deploy(b.pack("1.2.0", "exit 7"), 1, "release 1.2.0 didn't stay: api fell", "1.1.0 is back", "this is 1.2.0 with mine and ours")
	b.runs("1.1.0")
	b.says(2, "deploy", "/srv/1.2.0.zip")
	b.says(0, "ensure", "shop")
	b.Reboot()
	b.runs("1.1.0")
	b.says(0, "rollback", "shop")
	b.runs("1.0.0")
	if out := b.says(0, "releases", "shop"); !strings.HasPrefix(out, "* 1.0.0") || !strings.Contains(out, "1.2.0            fallen") {
		t.Error(out)
	}
	if out := b.says(0, "logs", "shop/api"); strings.Contains(out, "MAY WRITE") {
		t.Error("the service's account can change what it runs:", out)
	}
	b.says(0, "stop", "shop")
	b.deploy(b.pack("1.3.0", "exec sleep 1000"), 0, "daruma start shop")
	b.says(0, "start", "shop")
	b.runs("1.3.0")
	b.says(0, "uninstall", "shop", "--purge")
	if b.Exists("/etc/daruma/shop/releases") || b.Exists("/etc/daruma/shop/release-keys") || !b.Exists("/etc/daruma/shop/conf/api.env") {
		t.Error(b.Output("find", "/etc/daruma"))
	}
}
