package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// needs skips the test where a program is missing, and fails it in CI, which has installed all of them.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("DARUMA_CI") != "" {
				t.Fatalf("%v; .ci/run installs it", err)
			}
			t.Skip(err)
		}
	}
}

// releaseKey makes a key, and gives the file of its private half and its public one.
func releaseKey(t *testing.T) (file string, public string) {
	t.Helper()
	private, _, err := signature.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "release.key")
	if err := os.WriteFile(file, private, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := signature.ReadKey(private, func() (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	return file, key.Public()
}

func key(t *testing.T, f keyFlags) *signature.Key {
	t.Helper()
	k, err := f.read()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSigned: minisign itself takes the sums, and refuses them after a change of one byte; the sums refuse a changed file.
func TestSigned(t *testing.T) {
	needs(t, "minisign", "sha256sum")
	file, public := releaseKey(t)
	r := release{version: "1.2.3", out: t.TempDir(), key: key(t, keyFlags{key: file})}
	made := map[string][]byte{"daruma.zip": []byte("a program"), "daruma.deb": []byte("another")}
	if err := r.seal(made); err != nil {
		t.Fatal(err)
	}
	if err := r.write(made); err != nil {
		t.Fatal(err)
	}
	verify := func() (string, error) {
		out, err := exec.Command("minisign", "-Vm", filepath.Join(r.out, sumsName), "-P", public).CombinedOutput()
		return string(out), err
	}
	check := func() (string, error) {
		cmd := exec.Command("sha256sum", "--check", "--strict", sumsName)
		cmd.Dir = r.out
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := verify(); err != nil || !strings.Contains(out, "Trusted comment: daruma 1.2.3\n") {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := check(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, r.out, "daruma.zip", []byte("a Program"))
	if out, err := check(); err == nil {
		t.Errorf("a changed file passes the sums: %s", out)
	}
	changed := bytes.Clone(made[sumsName])
	changed[0] ^= 1
	write(t, r.out, sumsName, changed)
	if out, err := verify(); err == nil || !strings.Contains(out, "verification failed") {
		t.Errorf("changed sums pass the signature: %s", out)
	}
	write(t, r.out, sumsName, made[sumsName])
	signed := read(t, r.out, sumsName+".minisig")
	write(t, r.out, sumsName+".minisig", bytes.Replace(signed, []byte("daruma 1.2.3"), []byte("daruma 1.2.4"), 1))
	if out, err := verify(); err == nil {
		t.Errorf("the sums pass as those of another version: %s", out)
	}
}

// TestUnsignedBuildLeavesNoSignature: that of an earlier build in the same folder would be taken for a wrong one.
func TestUnsignedBuildLeavesNoSignature(t *testing.T) {
	r := release{out: t.TempDir()}
	write(t, r.out, sumsName+".minisig", []byte("of an earlier build"))
	made := map[string][]byte{"daruma.zip": []byte("a program")}
	if err := r.seal(made); err != nil {
		t.Fatal(err)
	}
	if err := r.write(made); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.out, sumsName+".minisig")); err == nil {
		t.Error("the old signature is still there")
	}
}

// TestKeys: an encrypted key takes its password from a file or a variable, and says what is missing.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	encrypted := make([]byte, 158)
	copy(encrypted, "EdScB2") // the head of an encrypted key; more isn't looked at before there is a password
	write(t, dir, "key", []byte(base64.StdEncoding.EncodeToString(encrypted)))
	write(t, dir, "password", []byte("a secret\r\nand more\n"))
	t.Setenv("DARUMA_TEST_PASSWORD", "a secret")
	file := filepath.Join(dir, "key")
	for _, f := range []keyFlags{{passwordFile: filepath.Join(dir, "password")}, {passwordEnv: "DARUMA_TEST_PASSWORD"}} {
		if password, err := f.password(); err != nil || password != "a secret" {
			t.Errorf("%+v: %q %v", f, password, err)
		}
	}
	for want, f := range map[string]keyFlags{
		"-password-file or -password-env": {key: file},
		"DARUMA_TEST_NONE isn't set":      {key: file, passwordEnv: "DARUMA_TEST_NONE"},
		"isn't the key's":                 {key: file, passwordEnv: "DARUMA_TEST_PASSWORD"},
		"no private key of minisign":      {key: filepath.Join(dir, "password")},
		"daruma pack --keygen":            {key: file + "x"},
	} {
		if _, err := f.read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
}
