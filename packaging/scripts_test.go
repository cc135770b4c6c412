package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// published is a signed release of 1.2.3 on a server, whose files a test changes.
type published struct {
	t      *testing.T
	server *httptest.Server
	made   map[string][]byte
}

// processor is this machine's, as the names of archives have it.
func processor() string {
	if runtime.GOARCH == "arm" {
		return "armv7"
	}
	return runtime.GOARCH
}

func publish(t *testing.T, key *signature.Key) *published {
	t.Helper()
	p := &published{t: t, made: map[string][]byte{}}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := p.made[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(p.server.Close)
	r := releaseOf("1.2.3")
	r.key, r.url = key, p.server.URL
	name := "daruma-1.2.3-linux-" + processor()
	archive, err := tarball([]file{{"daruma", 0o755, []byte("#!/bin/sh\necho daruma v1.2.3\n")}, {"daruma-observe", 0o755, []byte("#!/bin/sh\n")}}, name, r.date)
	if err != nil {
		t.Fatal(err)
	}
	p.made[name+".tar.gz"] = archive
	r.scripts(p.made)
	if err := r.seal(p.made); err != nil {
		t.Fatal(err)
	}
	return p
}

// install runs the script as it is published, with a PATH of the programs that it needs and those named.
func (p *published) install(prefix string, programs ...string) (string, error) {
	p.t.Helper()
	path := p.t.TempDir()
	for _, name := range append([]string{"sh", "uname", "curl", "tar", "gzip", "sha256sum", "sed", "base64", "mktemp", "mkdir", "rm", "cp", "mv", "chmod", "grep", "head", "tail",
		"wc", "tr", "cat"}, programs...) {
		file, err := exec.LookPath(name)
		if err != nil {
			p.t.Fatal(err)
		}
		if err := os.Symlink(file, filepath.Join(path, name)); err != nil {
			p.t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh")
	cmd.Stdin = bytes.NewReader(p.made["install.sh"])
	cmd.Env = []string{"PATH=" + path, "DARUMA_PREFIX=" + prefix, "TMPDIR=" + p.t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestInstallScript: a good release is installed, over one that is there; with minisign and without it.
func TestInstallScript(t *testing.T) {
	t.Parallel()
	needs(t, "curl", "minisign", "openssl", "gzip")
	file, _ := releaseKey(t)
	p := publish(t, key(t, keyFlags{key: file}))
	for _, verifier := range []string{"minisign", "openssl"} {
		prefix := t.TempDir()
		if err := os.Mkdir(filepath.Join(prefix, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(prefix, "bin"), "daruma", []byte("an older one"))
		out, err := p.install(prefix, verifier)
		if err != nil || !strings.Contains(out, "installed "+prefix+"/bin/daruma: daruma v1.2.3\n") {
			t.Errorf("%s: %v: %s", verifier, err, out)
		}
		for _, name := range []string{"daruma", "daruma-observe"} {
			if info, err := os.Stat(filepath.Join(prefix, "bin", name)); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%s, %s: %v %v", verifier, name, info, err)
			}
		}
		entries, err := os.ReadDir(filepath.Join(prefix, "bin"))
		if err != nil || len(entries) != 2 {
			t.Errorf("%s leaves %v %v", verifier, entries, err)
		}
	}
}

// TestInstallScriptRefuses: what was changed, isn't signed, is signed by another or is another release isn't installed, whatever verifies it.
func TestInstallScriptRefuses(t *testing.T) {
	t.Parallel()
	needs(t, "curl", "minisign", "openssl", "gzip")
	file, _ := releaseKey(t)
	own := key(t, keyFlags{key: file})
	other, _ := releaseKey(t)
	stranger := key(t, keyFlags{key: other})
	archive := "daruma-1.2.3-linux-" + processor() + ".tar.gz"
	signed := func(p *published, k *signature.Key, version string) {
		r := releaseOf(version)
		r.key = k
		sums := map[string][]byte{archive: p.made[archive]}
		if err := r.seal(sums); err != nil {
			t.Fatal(err)
		}
		p.made[sumsName], p.made[sumsName+".minisig"] = sums[sumsName], sums[sumsName+".minisig"]
	}
	all := []string{"minisign", "openssl"}
	for name, attack := range map[string]struct {
		change    func(p *published)
		want      string
		verifiers []string // one where what they do isn't what is attacked
	}{
		"changed archive": {func(p *published) { p.made[archive][100] ^= 1 }, "isn't what was released", all[:1]},
		"changed sums": {func(p *published) {
			p.made[archive][100] ^= 1
			p.made[sumsName] = sums(map[string][]byte{archive: p.made[archive]})
		}, "aren't signed by daruma's key", all},
		"no signature":    {func(p *published) { delete(p.made, sumsName+".minisig") }, "can't be downloaded", all[:1]},
		"empty signature": {func(p *published) { p.made[sumsName+".minisig"] = nil }, "aren't signed by daruma's key", all},
		"another key":     {func(p *published) { signed(p, stranger, "1.2.3") }, "aren't signed by daruma's key", all},
		"another release": {func(p *published) { signed(p, own, "1.2.2") }, "is another release's than 1.2.3", all},
		"forged comment": {func(p *published) {
			signed(p, own, "1.2.2")
			p.made[sumsName+".minisig"] = bytes.Replace(p.made[sumsName+".minisig"], []byte("daruma 1.2.2"), []byte("daruma 1.2.3"), 1)
		}, "aren't signed by daruma's key", all},
		"nothing for this":   {func(p *published) { delete(p.made, archive) }, "can't be downloaded", all[:1]},
		"half of the script": {func(p *published) { s := p.made["install.sh"]; p.made["install.sh"] = s[:len(s)-60] }, "", all[:1]},
	} {
		for _, verifier := range attack.verifiers {
			p, prefix := publish(t, own), t.TempDir()
			attack.change(p)
			out, err := p.install(prefix, verifier)
			if attack.want != "" && (err == nil || !strings.Contains(out, attack.want)) {
				t.Errorf("%s, %s: %v: %s", name, verifier, err, out)
			}
			if _, err := os.Stat(filepath.Join(prefix, "bin", "daruma")); err == nil {
				t.Errorf("%s, %s: installed", name, verifier)
			}
		}
	}
	p := publish(t, own)
	if out, err := p.install(t.TempDir()); err == nil || !strings.Contains(out, "apt install minisign") {
		t.Errorf("without a program that verifies: %v: %s", err, out)
	}
	if out, err := p.install("/proc/nowhere", "minisign"); err == nil || !strings.Contains(out, "can't be written to") {
		t.Errorf("a prefix that can't be written to: %v: %s", err, out)
	}
}

// TestNoScriptWithoutKey: it would check nothing.
func TestNoScriptWithoutKey(t *testing.T) {
	made := map[string][]byte{}
	releaseOf("1.2.3").scripts(made)
	if len(made) != 0 {
		t.Errorf("%v", made)
	}
}
