package pack

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/release/archive"
)

const shop = "name: shop\nprograms:\n  api: {command: [bin/server, --port, \"${PORT}\"]}\n"

// folder makes a folder with these files; those of bin/ can be executed.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(path, "bin/") {
			mode = 0o755
		}
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPack(t *testing.T) {
	dir := folder(t, map[string]string{"daruma.yaml": shop, "bin/server": "x", "conf/api.conf": "a=b", "data/db": "mine", "logs/a.log": "old", ".git/config": "x", "lib/data/a": "y"})
	found, err := Look(Request{Dir: dir, Version: "1.4.0"})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range found.Manifest.Files {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != "bin/server conf/api.conf daruma.yaml lib/data/a" {
		t.Error(got)
	}
	if got := strings.Join(found.LeftOut, " "); got != ".git data logs" {
		t.Error(got)
	}
	if m := found.Manifest; m.Name != "shop" || m.OS != runtime.GOOS || m.Arch != runtime.GOARCH || m.Find("bin/server").Mode != archive.ModeExecutable {
		t.Errorf("%+v", m)
	}
	out := t.TempDir()
	for _, name := range []string{"a.zip", "b.zip"} {
		if err := found.Write(filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
	}
	a, errA := os.ReadFile(filepath.Join(out, "a.zip"))
	b, errB := os.ReadFile(filepath.Join(out, "b.zip"))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Error(errA, errB, len(a), len(b))
	}
	if p, err := archive.Open(bytes.NewReader(a), int64(len(a))); err != nil || p.Check() != nil {
		t.Error(err)
	}
}

// TestPackagesAreLeftOut: the package that lies in the folder isn't packed with the next one, and other zips are.
func TestPackagesAreLeftOut(t *testing.T) {
	dir := folder(t, map[string]string{"daruma.yaml": shop, "bin/server": "x", "assets.zip": "PK", "shop-1.zip.minisig": "signature"})
	for range 2 {
		found, err := Look(Request{Dir: dir, Version: "1.4.0"})
		if err == nil {
			err = found.Write(filepath.Join(dir, "shop-1.zip"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	found, err := Look(Request{Dir: dir, Version: "1.4.0"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(found.LeftOut, " "); got != "shop-1.zip shop-1.zip.minisig" || found.Manifest.Find("assets.zip") == nil {
		t.Error(got, found.Manifest.Files)
	}
}

func TestRefused(t *testing.T) {
	other := "windows"
	if runtime.GOOS == other {
		other = "linux"
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no definition":    {map[string]string{"bin/server": "x"}, "daruma pack --init"},
		"wrong definition": {map[string]string{"daruma.yaml": "name: shop\n", "bin/server": "x"}, "programs"},
		"no executable":    {map[string]string{"daruma.yaml": shop}, "bin/server isn't in"},
		"leads out":        {map[string]string{"daruma.yaml": strings.Replace(shop, "bin/", "../bin/", 1)}, "leads out of the package"},
		"an old manifest":  {map[string]string{"daruma.yaml": shop, "bin/server": "x", archive.ManifestName: "{}"}, "a release that was unpacked"},
	} {
		_, err := Look(Request{Dir: folder(t, c.files), Version: "1.0"})
		if problems := (Problems)(nil); !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := folder(t, map[string]string{"daruma.yaml": shop, "bin/server": "x"})
	if _, err := Look(Request{Dir: dir, Version: "latest"}); err == nil {
		t.Error("a version that is none")
	}
	if found, err := Look(Request{Dir: dir, Version: "1", OS: other}); err != nil || found.Manifest.OS != other {
		t.Error(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "bin", "link")); err != nil {
		if runtime.GOOS != "windows" { // there it takes a right that not everybody has
			t.Fatal(err)
		}
		t.Skipf("no links here: %v", err)
	}
	if _, err := Look(Request{Dir: dir, Version: "1"}); err == nil || !strings.Contains(err.Error(), "bin/link is a link") {
		t.Error(err)
	}
}

// TestSecrets: the samples are put together here, so that no scanner of secrets takes this file for one.
func TestSecrets(t *testing.T) {
	text := map[string]string{
		"conf/a.pem":   "-----BEGIN EC " + "PRIVATE KEY-----\nabc\n",
		"conf/aws":     "first\nkey=AKIA" + "ABCDEFGHIJKLMNOP\n",
		"conf/aliyun":  "id: LTAI" + "5tAbCdEfGhIjKlMnOp",
		"conf/tencent": "id: AKID" + strings.Repeat("a1", 16),
		"conf/gh":      "ghp" + "_" + strings.Repeat("a", 36),
		"conf/db":      "url: postgres://shop:s3" + "cret@db/shop",
		"conf/sign":    "untrusted comment: minisign encrypted " + "secret key\nRWRTY0IyAAAA",
		"lib/.env":     "A=b",
		"id_rsa":       "x",
		"conf/tls.key": "x",
		"conf/a.pfx":   "\x00",
	}
	harmless := map[string]string{
		"daruma.yaml": shop, "bin/server": "x\x00-----BEGIN " + "PRIVATE KEY-----", "conf/ca.pem": "-----BEGIN CERTIFICATE-----\n", "conf/api.env": "A=b",
		"conf/url": "postgres://shop:${PASSWORD}@db/shop https://a.example/b:c@d http://user@host", "conf/key.pub": "ssh-ed25519 AAAA",
	}
	all := map[string]string{}
	for _, files := range []map[string]string{text, harmless} {
		for path, s := range files {
			all[path] = s
		}
	}
	dir := folder(t, all)
	_, err := Look(Request{Dir: dir, Version: "1"})
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	for path := range text {
		if !strings.Contains(err.Error(), path+" ") || !strings.Contains(err.Error(), "--allow-secret "+path) {
			t.Errorf("%s isn't refused", path)
		}
	}
	if len(problems) != len(text) {
		t.Errorf("%d problems, want %d:\n%v", len(problems), len(text), err)
	}
	if !strings.Contains(err.Error(), "conf/aws has an access key of AWS in line 2") || strings.Contains(err.Error(), "cret@") {
		t.Error(err)
	}
	var allow []string
	for path := range text {
		allow = append(allow, path)
	}
	if _, err := Look(Request{Dir: dir, Version: "1", Allow: allow}); err != nil {
		t.Error(err)
	}
	if _, err := Look(Request{Dir: dir, Version: "1", Allow: append(allow, "conf/url")}); err == nil {
		t.Error("what is no secret is allowed as one")
	}
}

func TestInit(t *testing.T) {
	for _, files := range []map[string]string{
		{"bin/My Server": "x", "bin/worker": "x"}, {"bin/true": "x", "bin/true.sh": "x", "bin/1": "x"}, {}, {"README": "x"},
	} {
		if runtime.GOOS == "windows" {
			exe := map[string]string{}
			for path := range files {
				exe[path+".exe"] = "x"
			}
			files = exe
		}
		dir := folder(t, files)
		made, err := Init(dir)
		if err != nil || made[len(made)-1] != "daruma.yaml" {
			t.Fatal(made, err)
		}
		if _, err := definition.Load(filepath.Join(dir, "daruma.yaml"), nil); err != nil {
			t.Error(err)
		}
		if strings.Contains(strings.Join(made, ""), "bin") == (len(files) > 1) {
			t.Errorf("made %v of %v", made, files)
		}
		if _, err := Look(Request{Dir: dir, Version: "1.0.0"}); (err == nil) != (len(files) > 1) {
			t.Error(err)
		}
		if _, err := Init(dir); !errors.Is(err, ErrNotEmpty) {
			t.Error(err)
		}
	}
}
