package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// copySources copies what a checkout holds to a folder of another name, as another machine has it.
func copySources(t *testing.T, to string) {
	t.Helper()
	list, err := exec.Command("git", "-C", "..", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join("..", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func build(t *testing.T, source string, only ...string) string {
	t.Helper()
	r := release{version: "1.2.3", commit: "0123456789abcdef", date: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), source: source, out: t.TempDir()}
	targets, err := chosen(strings.Join(only, ","))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.build(t.Context(), targets, io.Discard); err != nil {
		t.Fatal(err)
	}
	return r.out
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReproducible: two builds, from sources in two folders, are the same, byte for byte.
func TestReproducible(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	copySources(t, elsewhere)
	one, other := build(t, "..", "linux/amd64"), build(t, elsewhere, "linux/amd64")
	entries, err := os.ReadDir(one)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if !bytes.Equal(read(t, one, e.Name()), read(t, other, e.Name())) {
			t.Errorf("%s differs from build to build", e.Name())
		}
	}
	want := []string{"SHA256SUMS", "daruma-1.2.3-1.x86_64.rpm", "daruma-1.2.3-linux-amd64.cdx.json", "daruma-1.2.3-linux-amd64.oci.tar",
		"daruma-1.2.3-linux-amd64.tar.gz", "daruma_1.2.3-1_amd64.deb", "daruma_1.2.3-r1_x86_64.apk"}
	if !slices.Equal(names, want) {
		t.Errorf("made: %q\nwant: %q", names, want)
	}
	sum := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	sum.Dir = one
	if out, err := sum.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	t.Run("archive", func(t *testing.T) { checkArchive(t, read(t, one, "daruma-1.2.3-linux-amd64.tar.gz")) })
	t.Run("deb", func(t *testing.T) { checkDeb(t, filepath.Join(one, "daruma_1.2.3-1_amd64.deb")) })
	t.Run("Debian", func(t *testing.T) { checkOnDebian(t, filepath.Join(one, "daruma_1.2.3-1_amd64.deb")) })
	t.Run("image", func(t *testing.T) { checkRuns(t, read(t, one, "daruma-1.2.3-linux-amd64.oci.tar")) })
	t.Run("bill of materials", func(t *testing.T) { checkMaterials(t, read(t, one, "daruma-1.2.3-linux-amd64.cdx.json")) })
}

// checkArchive unpacks it and runs what is in it.
func checkArchive(t *testing.T, data []byte) {
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(packed); ; {
		head, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, head.Name)
		content, err := io.ReadAll(r)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o755)
		}
		if err == nil {
			err = os.WriteFile(file, content, head.FileInfo().Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	top := filepath.Join(dir, "daruma-1.2.3-linux-amd64")
	for _, name := range []string{"LICENSE", "README.md", "daruma-observe", "man/daruma.1", "man/daruma-install.1", "completions/daruma.zsh", "completions/daruma.powershell"} {
		if info, err := os.Stat(filepath.Join(top, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the executable is for amd64")
	}
	out, err := exec.Command(filepath.Join(top, "daruma"), "version").CombinedOutput()
	if want := "daruma v1.2.3 (commit 0123456789ab, 2026-07-01T12:00:00Z, " + runtime.Version() + ", linux/amd64)\n"; err != nil || string(out) != want {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
}

// checkDeb asks Debian's own tools.
func checkDeb(t *testing.T, file string) {
	control := t.TempDir()
	if out, err := exec.Command("dpkg-deb", "--control", file, control).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	entries, err := os.ReadDir(control)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "control" && e.Name() != "md5sums" {
			t.Errorf("the package has %s: no package runs anything", e.Name())
		}
	}
	out, err := exec.Command("dpkg-deb", "--contents", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"./usr/bin/daruma", "./usr/bin/daruma-observe", "./usr/share/man/man1/daruma.1.gz", "./usr/share/doc/daruma/copyright",
		"./usr/share/bash-completion/completions/daruma", "./usr/share/zsh/vendor-completions/_daruma", "./usr/share/fish/vendor_completions.d/daruma.fish"} {
		if !strings.Contains(string(out), " "+name+"\n") {
			t.Errorf("the package lacks %s", name)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		if !strings.Contains(line, "root/root") || line[0] == '-' && line[8] == 'w' {
			t.Errorf("not root's alone: %s", line)
		}
	}
}

func checkMaterials(t *testing.T, data []byte) {
	var bom struct {
		SpecVersion string
		Components  []struct{ Name, Version string }
	}
	if err := json.Unmarshal(data, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != "1.6" || !slices.ContainsFunc(bom.Components, func(c struct{ Name, Version string }) bool {
		return c.Name == "github.com/spf13/cobra" && c.Version != ""
	}) {
		t.Errorf("%+v", bom)
	}
	if slices.ContainsFunc(bom.Components, func(c struct{ Name, Version string }) bool { return strings.Contains(c.Name, "nfpm") }) {
		t.Error("what builds the packages is taken for a part of daruma")
	}
}

func TestRefusals(t *testing.T) {
	for _, version := range []string{"", "1.2", "v1.2.3", "1.2.3;rm", "../1.2.3"} {
		if err := (release{version: version}).check(); err == nil {
			t.Errorf("the version %q is taken", version)
		}
	}
	if _, err := chosen("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), "linux/armv7") {
		t.Errorf("a target that isn't there: %v", err)
	}
	for _, date := range []string{"yesterday", "0", "-1"} {
		if _, err := sourceDate(date); err == nil {
			t.Errorf("SOURCE_DATE_EPOCH=%s is taken", date)
		}
	}
}

// TestZip: what Windows' archive holds, and that the order of a map is none of it.
func TestZip(t *testing.T) {
	files := []file{{"daruma.exe", 0o755, []byte("MZ")}, {"completions/daruma.powershell", 0o644, []byte("Register")}}
	date := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	data, err := zipped(sorted(files), date)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if again, err := zipped(sorted(files), date); err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same files in another order make another archive: %v", err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 2 || r.File[1].Name != "daruma.exe" || !r.File[1].Modified.Equal(date) {
		t.Errorf("%+v", r.File)
	}
}
