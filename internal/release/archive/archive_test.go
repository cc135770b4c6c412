package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// content is a small service.
var content = map[string]string{
	"daruma.yaml":   "name: shop\nprograms: {api: {command: [bin/server]}}\n",
	"bin/server":    "#!/bin/sh\n" + strings.Repeat("echo hello\n", 100),
	"conf/api.conf": "port=8080\n",
	"conf/leer":     "",
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// manifestOf describes files; those of bin/ can be executed.
func manifestOf(files map[string]string) *Manifest {
	m := &Manifest{Format: 1, Name: "shop", Version: "1.4.0", OS: "linux", Arch: "amd64"}
	for path, text := range files {
		mode := ModeFile
		if strings.HasPrefix(path, "bin/") {
			mode = ModeExecutable
		}
		m.Files = append(m.Files, File{Path: path, Mode: mode, Size: int64(len(text)), SHA256: sumOf(text)})
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return m
}

// packed is the package of files.
func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Now(), time.Now().Add(-time.Duration(len(path))*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var b bytes.Buffer
	if err := Write(&b, root, manifestOf(files)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(b []byte) (*Package, error) { return Open(bytes.NewReader(b), int64(len(b))) }

// unpackedFrom unpacks b and gives what is on the disk then.
func unpackedFrom(t *testing.T, b []byte) (map[string]string, error) {
	t.Helper()
	p, err := open(b)
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	if err := p.Unpack(dir); err != nil {
		return nil, err
	}
	files := map[string]string{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(files, ManifestName)
	return files, nil
}

// contentOf is unpackedFrom without a disk.
func contentOf(b []byte) (map[string]string, error) {
	p, err := open(b)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, f := range p.Manifest.Files {
		text, err := p.ReadFile(f.Path, f.Size)
		if err != nil {
			return nil, err
		}
		files[f.Path] = string(text)
	}
	return files, nil
}

func TestRoundTrip(t *testing.T) {
	b := packed(t, content)
	if !bytes.Equal(b, packed(t, content)) {
		t.Error("the same files give other bytes")
	}
	files, err := unpackedFrom(t, b)
	if err != nil || len(files) != len(content) {
		t.Fatalf("%v %v", files, err)
	}
	for path, text := range content {
		if files[path] != text {
			t.Errorf("%s is %q", path, files[path])
		}
	}
	p, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.Manifest.FileName() != "shop-1.4.0-linux-amd64.zip" || p.Manifest.Unpacked() == 0 || p.Check() != nil {
		t.Errorf("%+v", p.Manifest)
	}
	if text, err := p.ReadFile("conf/api.conf", 100); err != nil || string(text) != content["conf/api.conf"] {
		t.Errorf("%q %v", text, err)
	}
	if _, err := p.ReadFile("conf/api.conf", 3); err == nil {
		t.Error("a file longer than the bound is read")
	}
	if _, err := p.ReadFile("conf/none", 3); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestEveryDamageIsSeen: cut off anywhere, and with any bit turned over, a package is refused, or gives what was packed all the same:
// some bytes of a zip mean nothing.
func TestEveryDamageIsSeen(t *testing.T) {
	small := map[string]string{"daruma.yaml": content["daruma.yaml"], "bin/server": strings.Repeat("hello\n", 20)}
	b := packed(t, small)
	for n := range len(b) {
		if files, err := contentOf(b[:n]); err == nil {
			t.Fatalf("cut off at %d of %d bytes: %v", n, len(b), files)
		}
	}
	for at := range b {
		damaged := bytes.Clone(b)
		damaged[at] ^= 1 << (at % 8)
		files, err := contentOf(damaged)
		if err != nil {
			continue
		}
		for path, text := range small {
			if files[path] != text || len(files) != len(small) {
				t.Fatalf("bit %d of byte %d is turned over, and %s is %q", at%8, at, path, files[path])
			}
		}
	}
}

func TestVerifySeesEveryByte(t *testing.T) {
	b := packed(t, content)
	p, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	if err := p.Verify(func(r io.Reader) error { _, err := io.Copy(&seen, r); return err }); err != nil || !bytes.Equal(seen.Bytes(), b) {
		t.Errorf("%d of %d bytes, %v", seen.Len(), len(b), err)
	}
	if err := p.Verify(func(io.Reader) error { return nil }); err == nil {
		t.Error("who has read nothing has verified nothing")
	}
	no := errors.New("no")
	if err := p.Verify(func(io.Reader) error { return no }); !errors.Is(err, no) {
		t.Error(err)
	}
}

// TestManifestIsTheOneThatWasSigned: whoever may write to the file while it is read gives another manifest first, and the signed one when
// the signature is looked at.
func TestManifestIsTheOneThatWasSigned(t *testing.T) {
	signed := packed(t, content)
	forged := bytes.Replace(signed, []byte("1.4.0"), []byte("9.9.9"), 1)
	r := &switching{forged}
	p, err := Open(r, int64(len(forged)))
	if err != nil || p.Manifest.Version != "9.9.9" {
		t.Fatal(err)
	}
	r.now = signed
	if err := p.Verify(func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }); err == nil {
		t.Error("a manifest that wasn't signed is believed")
	}
}

type switching struct{ now []byte }

func (s *switching) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(s.now).ReadAt(b, at)
}

// forge writes a zip with this manifest and these entries, however they contradict each other.
func forge(t *testing.T, manifest []byte, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if manifest != nil {
		if err := writeManifest(z, manifest); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range entries {
		w, err := z.Create(e[0])
		if err == nil {
			_, err = io.WriteString(w, e[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContradictions(t *testing.T) {
	d, c := content["daruma.yaml"], "port=1\n"
	manifest, err := manifestOf(map[string]string{"daruma.yaml": d, "conf/a": c}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"no manifest":        forge(t, nil, [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}),
		"an entry more":      forge(t, manifest, [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}, [2]string{"evil", "x"}),
		"an entry less":      forge(t, manifest, [2]string{"daruma.yaml", d}),
		"another order":      forge(t, manifest, [2]string{"daruma.yaml", d}, [2]string{"conf/a", c}),
		"a path out":         forge(t, manifest, [2]string{"../a", c}, [2]string{"daruma.yaml", d}),
		"an entry twice":     forge(t, manifest, [2]string{"conf/a", c}, [2]string{"conf/a", c}),
		"another content":    forge(t, manifest, [2]string{"conf/a", "port=2\n"}, [2]string{"daruma.yaml", d}),
		"a folder":           forge(t, manifest, [2]string{"conf/a/", ""}, [2]string{"daruma.yaml", d}),
		"a manifest twice":   forge(t, manifest, [2]string{ManifestName, string(manifest)}, [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}),
		"an empty zip":       forge(t, nil),
		"no zip":             []byte("hello"),
		"a key twice":        forge(t, bytes.Replace(manifest, []byte(`{`), []byte(`{"version":"0.1",`), 1), [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}),
		"a key in capitals":  forge(t, bytes.Replace(manifest, []byte(`"version"`), []byte(`"Version"`), 1), [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}),
		"a key more":         forge(t, bytes.Replace(manifest, []byte(`{`), []byte(`{"more": 1,`), 1), [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}),
		"words behind it":    append(forge(t, manifest, [2]string{"conf/a", c}, [2]string{"daruma.yaml", d}), "more"...),
		"a manifest of null": forge(t, []byte("null")),
	} {
		if files, err := unpackedFrom(t, b); err == nil {
			t.Errorf("%s: taken as %v", name, files)
		}
	}
	if _, err := unpackedFrom(t, forge(t, manifest, [2]string{"conf/a", c}, [2]string{"daruma.yaml", d})); err != nil {
		t.Errorf("the sample itself: %v", err)
	}
}

// TestBomb: what inflates to more than the manifest says is never written.
func TestBomb(t *testing.T) {
	d := content["daruma.yaml"]
	m := manifestOf(map[string]string{"daruma.yaml": d, "bin/bomb": "tiny"})
	manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b := forge(t, manifest, [2]string{"bin/bomb", strings.Repeat("\x00", 8<<20)}, [2]string{"daruma.yaml", d})
	if _, err := open(b); err == nil {
		t.Error("a size that the zip's directory denies is taken")
	}
	// The directory agrees with the manifest, and the data doesn't.
	directory := bytes.LastIndex(b, []byte("bin/bomb")) - 46 // where its header in the directory begins (APPNOTE 4.3.12)
	copy(b[directory+24:], []byte{4, 0, 0, 0})
	p, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := p.Unpack(dir); err == nil {
		t.Error("the bomb is unpacked")
	}
	if info, err := os.Stat(filepath.Join(dir, "bin", "bomb")); err != nil || info.Size() > 5 {
		t.Errorf("%v %v", info, err)
	}
	huge := manifestOf(content)
	for i := range huge.Files {
		huge.Files[i].Size = MaxUnpacked / 2
	}
	if err := huge.Check(); err == nil {
		t.Error("a manifest of more than the bound is taken")
	}
}

// TestUnpackWritesOverNothing: neither over a file, nor through a link that stands in its way.
func TestUnpackWritesOverNothing(t *testing.T) {
	p, err := open(packed(t, content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "daruma.yaml"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Unpack(dir); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "conf")); err != nil {
		if runtime.GOOS != "windows" { // there it takes a right that not everybody has
			t.Fatal(err)
		}
		t.Skipf("no links here: %v", err)
	}
	if err := p.Unpack(dir); err == nil {
		t.Error("unpacked through a link that leads out")
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
		t.Errorf("outside there is %v %v", entries, err)
	}
}

func TestChangedWhilePacked(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "daruma.yaml"), []byte("name: shop, but longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := Write(io.Discard, root, manifestOf(map[string]string{"daruma.yaml": "name: shop"})); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Error(err)
	}
}

func TestManifestRefuses(t *testing.T) {
	for name, change := range map[string]func(*Manifest){
		"format":     func(m *Manifest) { m.Format = 2 },
		"name":       func(m *Manifest) { m.Name = "../shop" },
		"device":     func(m *Manifest) { m.Name = "nul" },
		"no name":    func(m *Manifest) { m.Name = "" },
		"version":    func(m *Manifest) { m.Version = "1/0" },
		"system":     func(m *Manifest) { m.OS = "" },
		"arch":       func(m *Manifest) { m.Arch = "../" },
		"order":      func(m *Manifest) { slices.Reverse(m.Files) },
		"twice":      func(m *Manifest) { m.Files[1] = m.Files[0] },
		"mode":       func(m *Manifest) { m.Files[0].Mode = "4755" },
		"hash":       func(m *Manifest) { m.Files[0].SHA256 = "abcd" },
		"size":       func(m *Manifest) { m.Files[0].Size = -1 },
		"definition": func(m *Manifest) { m.Files = m.Files[:1] },
		"files":      func(m *Manifest) { m.Files = make([]File, MaxFiles+1) },
	} {
		m := manifestOf(content)
		change(m)
		if m.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// FuzzOpen: no bytes bring the reader down, and what it takes keeps to the manifest's rules.
func FuzzOpen(f *testing.F) {
	f.Add(packed(f, content))
	f.Add(packed(f, map[string]string{"daruma.yaml": "name: a\n"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := open(b)
		if err != nil {
			return
		}
		if err := p.Manifest.Check(); err != nil {
			t.Errorf("taken, and wrong: %v", err)
		}
		if err := p.Check(); err != nil {
			return
		}
		var again int64
		for i := range p.Manifest.Files {
			file := &p.Manifest.Files[i]
			if file.Size > 1<<20 {
				continue
			}
			text, err := p.ReadFile(file.Path, file.Size)
			if err != nil || sumOf(string(text)) != file.SHA256 {
				t.Errorf("%s: %v", file.Path, err)
			}
			again += file.Size
		}
		if again > p.Manifest.Unpacked() {
			t.Errorf("%d bytes of %d", again, p.Manifest.Unpacked())
		}
	})
}
