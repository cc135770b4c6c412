package namedfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

// safeFolder is one that only root may write: no folder for temporary files is that.
func safeFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give files to somebody else")
	}
	dir, err := os.MkdirTemp("/opt", "daruma-test-")
	must(t, err) // root may write there
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func subfolders(t *testing.T, root string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		must(t, os.MkdirAll(filepath.Join(root, p), 0o755))
	}
}

func makeFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), mode))
	must(t, os.Chmod(path, mode)) // whatever the umask
}

const everyKindOfFile = `name: shop
programs:
  web:
    command: [bin/server]
    workingDir: work
    envFiles: [conf/web.env]
    livenessProbe: {exec: {command: [bin/alive]}}
    lifecycle:
      postStart: {exec: {command: [/bin/sh, -x, hook.sh, data]}}
      preStop: {exec: {command: [bin/drain]}}
      onControl: {130: {exec: {command: [/usr/bin/env, A=1, sh, control.sh]}}}
  other:
    command: [bin/other]
    workingDir: other
`

// service makes all files that everyKindOfFile names.
func everyKind(t *testing.T, dir string) *definition.Service {
	t.Helper()
	subfolders(t, dir, "bin", "work", "conf", "other")
	for _, name := range []string{"server", "alive", "drain", "other"} {
		makeFile(t, filepath.Join(dir, "bin", name), "#!/bin/sh\n", 0o755)
	}
	for _, name := range []string{"work/hook.sh", "work/control.sh", "conf/web.env"} {
		makeFile(t, filepath.Join(dir, name), "", 0o644)
	}
	makeFile(t, filepath.Join(dir, "work/data"), "", 0o666) // the script's business
	file := filepath.Join(dir, "daruma.yaml")
	makeFile(t, file, everyKindOfFile, 0o644)
	def, err := definition.Load(file, nil)
	must(t, err)
	return def
}

// TestEveryFileOfADefinition opens one file after the other to everybody: each is found, with the field that names it.
func TestEveryFileOfADefinition(t *testing.T) {
	dir := safeFolder(t)
	def := everyKind(t, dir)
	if err := Check(def, AsInstalled); err != nil {
		t.Fatalf("nothing is open: %v", err)
	}
	for path, field := range map[string]string{
		"daruma.yaml": "", "bin/server": "command", "conf/web.env": "envFiles[0]", "work": "workingDir",
		"bin/alive": "livenessProbe.exec.command", "work/hook.sh": "lifecycle.postStart.exec.command",
		"bin/drain": "lifecycle.preStop.exec.command", "work/control.sh": "lifecycle.onControl.130.exec.command",
	} {
		path = filepath.Join(dir, path)
		info, err := os.Stat(path)
		must(t, err)
		must(t, os.Chmod(path, info.Mode()|0o002))
		var found *UnsafeError
		err = Check(def, AsInstalled)
		switch {
		case !errors.As(err, &found):
			t.Errorf("everybody may write to %s: %v", path, err)
		case field == "" && !found.OfDefinition(), field != "" && (found.OfDefinition() || fmt.Sprint(found.Programs()) != "[web]"):
			t.Errorf("%s: of the definition %v, of programs %v", path, found.OfDefinition(), found.Programs())
		case field != "" && (!slices.ContainsFunc(found.Problems, func(p Problem) bool { return p.Field == "programs.web."+field }) || !strings.HasPrefix(err.Error(), def.File+":")):
			t.Errorf("%s: it says %v", path, err)
		case !strings.Contains(err.Error(), "chmod o-w "+path):
			t.Errorf("%s: no remedy in %v", path, err)
		}
		must(t, os.Chmod(path, info.Mode()))
	}
	if err := Check(def, AsInstalled); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestWhoseFiles: what belongs to whom a program runs as is no way to become somebody else.
func TestWhoseFiles(t *testing.T) {
	dir := safeFolder(t)
	def := everyKind(t, dir)
	const user = 61234
	for _, name := range []string{"bin/server", "work", "work/hook.sh"} {
		must(t, os.Chown(filepath.Join(dir, name), user, user))
	}
	var found *UnsafeError
	if err := Check(def, AsInstalled); !errors.As(err, &found) || len(found.Problems) != 4 {
		t.Errorf("root would run what user %d writes: %v", user, err)
	}
	def.Account = "nobody" // as install may have been told otherwise, the definition's word doesn't count
	if err := Check(def, AsInstalled); !errors.As(err, &found) || len(found.Problems) != 4 {
		t.Errorf("root would run what user %d writes, whatever the definition says: %v", user, err)
	}
	def.Programs[0].Security.RunAsUser = fmt.Sprint(user)
	if err := Check(def, AsInstalled); err != nil {
		t.Errorf("the program runs as user %d: %v", user, err)
	}
	must(t, os.Chown(def.File, user, user))
	if err := Check(def, AsInstalled); !errors.As(err, &found) || !found.OfDefinition() {
		t.Errorf("the definition says as whom programs run, and belongs to user %d: %v", user, err)
	}
}

// TestOnesOwn: who runs or checks a definition in folders of their own isn't bothered, unless others may write, too.
func TestOnesOwn(t *testing.T) {
	dir := t.TempDir()
	def := everyKind(t, dir)
	if err := Check(def, AsCaller); err != nil {
		t.Errorf("in a folder of one's own: %v", err)
	}
	must(t, os.Chmod(def.File, 0o666))
	if err := Check(def, AsCaller); err == nil {
		t.Error("everybody may write the definition, and nothing is said")
	}
}

func TestScripts(t *testing.T) {
	dir := t.TempDir()
	makeFile(t, filepath.Join(dir, "x.py"), "", 0o644)
	makeFile(t, filepath.Join(dir, "y.sh"), "", 0o644)
	for _, c := range []struct{ words, want string }{
		{"python3.11 x.py y.sh", "x.py"}, {"/usr/bin/python3 -W ignore ./x.py", "x.py"}, {"sh -eu y.sh x.py", "y.sh"},
		{"sh -c x.py", ""}, {"python -m x", ""}, {"./server x.py", ""}, {"env -i A=x.py python x.py", "x.py"}, {"env ./server x.py", ""},
		{"java -jar y.sh", "y.sh"}, {"sh gone.sh", ""}, {"env", ""}, {"PYTHON.EXE x.py", "x.py"},
	} {
		want := c.want
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := scriptOf(dir, strings.Fields(c.words)); got != want {
			t.Errorf("%s: %q, want %q", c.words, got, want)
		}
	}
}

// BenchmarkCheck is what a start or a reload of 500 programs takes.
func BenchmarkCheck(b *testing.B) {
	text := "name: shop\nprograms:\n"
	for i := range 500 {
		text += fmt.Sprintf("  p%d: {command: [sleep, \"1\"]}\n", i)
	}
	def, err := definition.Parse([]byte(text), "/etc/daruma.yaml", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_ = Check(def, AsInstalled)
	}
}

// TestPathFromAnEnvFile: a bare command is looked up where the program's start does, so who can write into that folder's file is found.
func TestPathFromAnEnvFile(t *testing.T) {
	dir := safeFolder(t)
	subfolders(t, dir, "first", "second", "third")
	for _, folder := range []string{"first", "second", "third"} {
		makeFile(t, filepath.Join(dir, folder, "tool"), "#!/bin/sh\n", 0o755)
	}
	set := func(name, path string) string {
		file := filepath.Join(dir, name)
		makeFile(t, file, "PATH="+path+"\n", 0o644)
		return file
	}
	first, second := set("first.env", filepath.Join(dir, "first")), set("second.env", filepath.Join(dir, "second"))
	for _, c := range []struct {
		name, settings, want string
	}{
		{"of the parent", "", "third"},
		{"of a file", "envFiles: [" + first + "]", "first"},
		{"the last file wins", "envFiles: [" + first + ", " + second + "]", "second"},
		{"env wins over files", "envFiles: [" + first + "], env: {PATH: " + filepath.Join(dir, "second") + "}", "second"},
		{"a file that isn't there says nothing", "envFiles: [" + first + ", none.env]", "first"},
	} {
		file := filepath.Join(dir, "daruma.yaml")
		makeFile(t, file, "name: shop\nprograms:\n  web: {command: [tool], livenessProbe: {exec: {command: [tool]}}, "+c.settings+"}\n", 0o644)
		def, err := definition.Load(file, nil)
		must(t, err)
		found := 0
		for _, f := range Files(def, filepath.Join(dir, "third")) {
			if f.Use == Executes {
				found++
				if f.Path != filepath.Join(dir, c.want, "tool") || f.Missing != nil {
					t.Errorf("%s: %s is %s (%v), want that in %s", c.name, f.Field, f.Path, f.Missing, c.want)
				}
			}
		}
		if found != 2 {
			t.Errorf("%s: %d commands", c.name, found)
		}
	}

	def, err := definition.Load(filepath.Join(dir, "daruma.yaml"), nil) // the last one
	must(t, err)
	must(t, Check(def, AsInstalled))
	must(t, os.Chmod(filepath.Join(dir, "first", "tool"), 0o757))
	var unsafe *UnsafeError
	if err := Check(def, AsInstalled); !errors.As(err, &unsafe) || !strings.Contains(err.Error(), "chmod o-w "+filepath.Join(dir, "first", "tool")) {
		t.Errorf("everybody may write to what runs: %v", err)
	}
}
