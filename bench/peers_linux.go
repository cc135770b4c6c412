package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// peer is one supervisor, at its fastest setting.
type peer struct {
	name    string
	version func(*tools) (string, error) // an error says that it isn't here
	prepare func(*tools, *work) error    // writes what it is configured by
	command func(*tools, *work) *exec.Cmd
	stop    syscall.Signal                // what stops it and its programs
	status  func(*tools, *work) *exec.Cmd // nil: it has no such command
	probes  bool                          // it can probe by HTTP
}

// allPeers is the order of the tables.
func allPeers() []*peer {
	return []*peer{barePeer(), darumaPeer(), pebblePeer(), composePeer(), runitPeer(), s6Peer(), supervisordPeer()}
}

// rotateSize and rotateFiles are the same for everyone: 6 GiB fit, so that nothing is lost by design (as JSON, 1 GiB of
// lines is 3).
const (
	rotateSize  = 32 << 20
	rotateFiles = 200
)

func write(path, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), mode)
}

// firstLine runs a command for its version.
func firstLine(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, nil
}

func debianVersion(program, pkg string) func(*tools) (string, error) {
	return func(*tools) (string, error) {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
		return firstLine("dpkg-query", "-W", "-f", "${Version}", pkg)
	}
}

// cached finds what bench/setup.sh built; its name carries the version.
func cached(name string) func(*tools) (string, error) {
	return func(t *tools) (string, error) {
		target, err := os.Readlink(filepath.Join(t.cache, "bin", name))
		if err != nil {
			return "", fmt.Errorf("%w (bench/setup.sh builds it)", err)
		}
		return strings.TrimPrefix(target, name+"-"), nil
	}
}

// barePeer is fork, exec and waitpid in a loop: what the machine can do.
func barePeer() *peer {
	return &peer{
		name:    "bare",
		version: func(*tools) (string, error) { return "fork, exec, waitpid", nil },
		prepare: func(_ *tools, w *work) error { return os.Mkdir(filepath.Join(w.dir, "logs"), 0o755) },
		command: func(t *tools, w *work) *exec.Cmd {
			p := w.programs[0]
			if w.logs != noLogs {
				return exec.Command("/bin/sh", "-c", strings.Join(p.argv, " ")+" | cat > "+filepath.Join(w.dir, "logs", "out"))
			}
			return exec.Command(t.bare, append([]string{fmt.Sprint(len(w.programs))}, p.argv...)...)
		},
		stop: syscall.SIGTERM,
	}
}

func darumaPeer() *peer {
	command := func(t *tools, w *work, args ...string) *exec.Cmd {
		cmd := exec.Command(t.daruma, args...)
		cmd.Env = append(os.Environ(), "BENCH_DIR="+w.dir, "DARUMA_HOME="+filepath.Join(w.dir, "home"))
		return cmd
	}
	return &peer{
		name:    "daruma",
		version: buildDaruma,
		prepare: darumaDefinition,
		command: func(t *tools, w *work) *exec.Cmd {
			return command(t, w, "run", "--quiet", filepath.Join(w.dir, "daruma.yaml"))
		},
		stop:   syscall.SIGTERM,
		status: func(t *tools, w *work) *exec.Cmd { return command(t, w, "status", "bench") },
		probes: true,
	}
}

func darumaDefinition(_ *tools, w *work) error {
	var b strings.Builder
	b.WriteString("name: bench\nprograms:\n")
	for _, p := range w.programs {
		fmt.Fprintf(&b, "  %s:\n    command: %s\n    backoff: {initialSeconds: 0}\n", p.name, flow(p.argv))
		if w.logs == jsonLogs {
			fmt.Fprintf(&b, "    logs: {format: json, maxSize: %d, maxFiles: %d, compress: false}\n", rotateSize, rotateFiles)
		}
		if w.logs == textLogs {
			fmt.Fprintf(&b, "    logs: {maxSize: %d, maxFiles: %d, compress: false}\n", rotateSize, rotateFiles)
		}
		if w.probe != "" {
			fmt.Fprintf(&b, "    livenessProbe: {httpGet: {path: /health, port: %s}, periodSeconds: 10}\n", w.probe)
		}
	}
	return write(filepath.Join(w.dir, "daruma.yaml"), b.String(), 0o644)
}

// flow writes a list of words that need no more than quotes as YAML, JSON and TOML all read it.
func flow(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
