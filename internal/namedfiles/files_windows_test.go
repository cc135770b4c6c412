package namedfiles

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"

	"golang.org/x/sys/windows"
)

// give gives a file an owner and an access list.
func give(path string, descriptor *windows.SECURITY_DESCRIPTOR) error {
	owner, _, err := descriptor.Owner()
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION|
		windows.PROTECTED_DACL_SECURITY_INFORMATION, owner, nil, list, nil)
}

// TestEveryFileOfADefinition opens what a definition names to everybody, one after the other.
func TestEveryFileOfADefinition(t *testing.T) {
	if !access.Privileged() {
		t.Skip("changes what only administrators may: run it as administrator")
	}
	root := filepath.Join(os.Getenv("ProgramFiles"), "daruma-test-files")
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	in := func(name string) string { return filepath.Join(root, name) }
	if err := os.MkdirAll(in("work"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"daruma.yaml": `name: shop
programs:
  web:
    command: [./server.exe]
    workingDir: work
    envFiles: [web.env]
    livenessProbe: {exec: {command: [./alive.exe]}}
    lifecycle:
      postStart: {exec: {command: [cmd, /c, hook.bat]}}
      preStop: {exec: {command: [./drain.exe]}}
`, "server.exe": "", "alive.exe": "", "drain.exe": "", "web.env": "", `work\hook.bat`: ""} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	def, err := definition.Load(in("daruma.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(def, AsInstalled); err != nil {
		t.Fatalf("nothing is open: %v", err)
	}
	open, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;FA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	closed, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	for name, field := range map[string]string{
		"daruma.yaml": "", "server.exe": "command", "alive.exe": "livenessProbe.exec.command", "drain.exe": "lifecycle.preStop.exec.command",
		"web.env": "envFiles[0]", "work": "workingDir", `work\hook.bat`: "lifecycle.postStart.exec.command",
	} {
		if err := give(in(name), open); err != nil {
			t.Fatal(err)
		}
		var found *UnsafeError
		err := Check(def, AsInstalled)
		if !errors.As(err, &found) || found.OfDefinition() != (field == "") {
			t.Errorf("everybody may change %s, and it says %v", name, err)
		} else if !slices.ContainsFunc(found.Problems, func(p Problem) bool { return p.Field == "programs.web."+field || field == "" && p.Field == "" }) {
			t.Errorf("%s: it says %v", name, err)
		}
		if err := give(in(name), closed); err != nil {
			t.Fatal(err)
		}
	}
	if err := Check(def, AsInstalled); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
