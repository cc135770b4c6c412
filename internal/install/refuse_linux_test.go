package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHomeOfSomebody: what install writes into the folder of DARUMA_HOME must not be another user's to change.
func TestHomeOfSomebody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give a folder to somebody else")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 61234, 61234); err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{dir, filepath.Join(dir, "not", "there", "yet")} {
		t.Setenv("DARUMA_HOME", home)
		_, err := refuseUnsafe(parsed(t, "name: shop\nprograms: {a: {command: [/bin/true]}}\n"), "/bin/true", "")
		if err == nil || !strings.Contains(err.Error(), "DARUMA_HOME is "+home) || !strings.Contains(err.Error(), "61234") {
			t.Errorf("%s: %v", home, err)
		}
	}
}

// TestABareNameIsLookedUpAsTheServiceDoes: the file in the installer's PATH isn't the one that would run, and its safety says nothing.
func TestABareNameIsLookedUpAsTheServiceDoes(t *testing.T) {
	own, exposed := t.TempDir(), t.TempDir()
	for _, dir := range []string{own, exposed} {
		if err := os.WriteFile(filepath.Join(dir, "tool"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(exposed, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", own)
	const bare, withPath = "name: shop\nprograms: {a: {command: [tool]}}\n", "name: shop\nprograms: {a: {command: [tool], env: {PATH: %s}}}\n"
	for what, c := range map[string]struct{ definition, path string }{
		"the service's PATH": {bare, exposed}, "the program's PATH": {fmt.Sprintf(withPath, exposed), own},
	} {
		if _, err := refuseUnsafe(parsed(t, c.definition), "/bin/true", c.path); err == nil || !strings.Contains(err.Error(), filepath.Join(exposed, "tool")) {
			t.Errorf("%s: %v", what, err)
		}
	}
	warnings, _ := refuseUnsafe(parsed(t, bare), "/bin/true", "/nowhere")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "tool isn't there yet") {
		t.Errorf("in the installer's PATH alone: %q", warnings)
	}
	if path := servicePath(nil); path == own || path == "" {
		t.Errorf("the service's PATH is the installer's: %q", path)
	}
	if path := servicePath([]string{"PATH=/opt/bin"}); path != "/opt/bin" {
		t.Errorf("--env PATH gives %q", path)
	}
}
