package doctor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

// TestAccess: who else may change the executable and the definition, and whether the service's account can read them.
func TestAccess(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root: what an ordinary user owns isn't safe anyway")
	}
	i := healthyIn(t, safeFolder(t))
	i.record.Spec.Account = manager.AccountSystem
	const named = "ok only administrators can change the files that the definition names"
	const folders = "ok its folders have the access that install gives them"
	finds(t, "safe", i.examine(t, "access"), "ok only administrators can change the executable", "ok only administrators can change the definition", named, folders)
	write(t, i.definition, "name: shop\nprograms: {api: {command: [/bin/sh, x.sh], livenessProbe: {exec: {command: [./alive]}}}}\n", 0o644)
	for _, name := range []string{"x.sh", "alive"} {
		write(t, filepath.Join(filepath.Dir(i.definition), name), "", 0o777)
	}
	finds(t, "open scripts", i.examine(t, "access"), "ok only administrators can change the executable", "ok only administrators can change the definition",
		"fail x.sh isn't safe, the programs.api.command depends on it: everybody", "fail alive isn't safe, the programs.api.livenessProbe.exec.command depends", folders)
	if err := os.Chown(i.executable, 61234, 61234); err != nil {
		t.Fatal(err)
	}
	write(t, i.definition, "name: shop\nprograms: {api: {command: [x]}}\n", 0o666)
	found := i.examine(t, "access")
	finds(t, "exposed", found, "fail "+i.executable+" isn't safe, the executable depends on it: ", "fail "+i.definition+" isn't safe, the definition depends on it: ", named, folders)
	for _, f := range found[:2] {
		if f.Remedy == "" {
			t.Errorf("no remedy: %+v", f)
		}
	}

	i = healthyIn(t, safeFolder(t))
	i.record.Spec.Account = manager.AccountVirtual
	if err := os.Chmod(i.definition, 0o600); err != nil {
		t.Fatal(err)
	}
	finds(t, "a definition for root alone", i.examine(t, "access"), "ok only administrators can change the executable",
		"ok only administrators can change the definition", named, "fail "+i.definition+": account virtual may not read", folders)
	if err := os.Chmod(i.executable, 0o700); err != nil {
		t.Fatal(err)
	}
	finds(t, "an executable for root alone", i.examine(t, "access"), "ok only administrators can change the executable",
		"ok only administrators can change the definition", named, "fail "+i.executable+": account virtual may not ", folders)
}

// safeFolder is one that only root may write, and everybody may enter: no folder for temporary files is that.
func safeFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/opt", "daruma-test-")
	if err != nil {
		t.Skipf("writes to /opt: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
