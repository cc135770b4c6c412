package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unpacked gives what a tar archive holds.
func unpacked(t *testing.T, data []byte) []file {
	t.Helper()
	var all []file
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if head.Uid != 0 || head.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", head.Name, head.Uid, head.Gid)
		}
		all = append(all, file{head.Name, head.FileInfo().Mode(), content})
	}
}

// TestImage: another implementation of the format reads it, each digest is that of its blob, and the variant of ARM is named.
func TestImage(t *testing.T) {
	needs(t, "skopeo")
	archive := []file{{"LICENSE", 0o644, []byte("licence")}, {"daruma", 0o755, []byte("\x7fELF")}, {"daruma-observe", 0o755, []byte("\x7fELF")}, {"man/daruma.1", 0o644, []byte("page")}}
	data, err := releaseOf("1.2.3").image(target{"linux", "arm", "7"}, archive)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := releaseOf("1.2.3").image(target{"linux", "arm", "7"}, archive); err != nil || !bytes.Equal(data, again) {
		t.Errorf("it differs from build to build: %v", err)
	}
	dir := t.TempDir()
	write(t, dir, "image.tar", data)
	var found struct {
		Architecture, Os, Created string
		Layers                    []string
		Labels                    map[string]string
	}
	out, err := exec.Command("skopeo", "inspect", "--override-arch=arm", "oci-archive:"+filepath.Join(dir, "image.tar")+":1.2.3").Output()
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil || found.Architecture != "arm" || found.Os != "linux" || found.Created != "2026-07-01T12:00:00Z" || len(found.Layers) != 1 ||
		found.Labels["org.opencontainers.image.version"] != "1.2.3" {
		t.Errorf("%v: %s", err, out)
	}
	// A copy reads every blob, and compares its digest, and that of the unpacked layer.
	if out, err := exec.Command("skopeo", "copy", "--override-arch=arm", "--insecure-policy", "oci-archive:"+filepath.Join(dir, "image.tar"), "dir:"+filepath.Join(dir, "copy")).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if !bytes.Contains(data, []byte(`"variant":"v7"`)) {
		t.Error("the image doesn't say which ARM it is for")
	}
	for _, f := range unpacked(t, data) {
		if digest, isBlob := strings.CutPrefix(f.name, "blobs/sha256/"); isBlob && digest != fmt.Sprintf("%x", sha256.Sum256(f.data)) {
			t.Errorf("%s isn't named by its digest", f.name)
		}
	}
}

// rootFileSystem unpacks the image's only layer, and gives the image's command.
func rootFileSystem(t *testing.T, image []byte, to string) []string {
	t.Helper()
	var layer []byte
	var config imageConfig
	for _, f := range unpacked(t, image) {
		if packed, err := gzip.NewReader(bytes.NewReader(f.data)); err == nil {
			if layer, err = io.ReadAll(packed); err != nil {
				t.Fatal(err)
			}
		} else if bytes.Contains(f.data, []byte(`"Entrypoint"`)) {
			if err := json.Unmarshal(f.data, &config); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range unpacked(t, layer) {
		path := filepath.Join(to, f.name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && f.mode.IsDir() {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, f.data, f.mode)
		}
		if err == nil {
			err = os.Chmod(path, f.mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(config.Config.Entrypoint, config.Config.Cmd...)
}

// checkRuns has crun run the image: daruma is process 1, keeps a program up, and ends in order on SIGTERM.
func checkRuns(t *testing.T, image []byte) {
	needs(t, "crun", "unshare")
	if os.Geteuid() != 0 {
		t.Skip("crun needs root")
	}
	bundle := t.TempDir()
	root := filepath.Join(bundle, "rootfs")
	command := rootFileSystem(t, image, root)
	if err := os.WriteFile(filepath.Join(root, "etc/daruma/api"), idle(t, "linux", "api listens"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, root, "etc/daruma/daruma.yaml", []byte("name: shop\nprograms:\n  api:\n    command: [/etc/daruma/api, forever]\n"))
	spec(t, bundle, command)
	// crun takes no mixture of cgroup v1 and v2, which this machine may have: it gets a view with v2 alone, and manages none.
	const script = `umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup && exec crun --root "$1/state" --cgroup-manager=disabled run --bundle "$1" daruma-test`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", bundle)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); in.Close() }()
	var said strings.Builder
	lines, told := bufio.NewScanner(out), false
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.HasSuffix(lines.Text(), "| api listens") && !told {
			told = true
			kill := exec.Command("crun", "--root", filepath.Join(bundle, "state"), "--cgroup-manager=disabled", "kill", "daruma-test", "TERM")
			if text, err := kill.CombinedOutput(); err != nil {
				t.Errorf("crun kill: %v: %s", err, text)
				_ = cmd.Process.Kill()
			}
		}
	}
	if err := <-ended; err != nil || !strings.Contains(said.String(), "daruma * serviceStopped: SIGTERM") {
		t.Errorf("%v:\n%s", err, said.String())
	}
}

// spec writes the configuration of a container (github.com/opencontainers/runtime-spec, config.md).
func spec(t *testing.T, bundle string, command []string) {
	t.Helper()
	capabilities := []string{"CAP_KILL", "CAP_SETUID", "CAP_SETGID"}
	type mount struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options,omitempty"`
	}
	type kind struct {
		Type string `json:"type"`
	}
	text, err := json.Marshal(map[string]any{
		"ociVersion": "1.0.0", "hostname": "daruma", "root": map[string]any{"path": "rootfs"},
		"process": map[string]any{"terminal": false, "user": map[string]int{"uid": 0, "gid": 0}, "args": command, "cwd": "/etc/daruma", "env": []string{"PATH=/usr/bin"},
			"noNewPrivileges": true, "capabilities": map[string]any{"bounding": capabilities, "effective": capabilities, "permitted": capabilities}},
		"mounts": []mount{{"/proc", "proc", "proc", nil}, {"/dev", "tmpfs", "tmpfs", []string{"nosuid", "strictatime", "mode=755", "size=64k"}}},
		"linux":  map[string]any{"namespaces": []kind{{"pid"}, {"ipc"}, {"uts"}, {"mount"}, {"network"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, bundle, "config.json", text)
}
