package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// pebblePeer: the shortest backoff it takes. It keeps output in memory and prints it with --verbose; there is no rotation.
func pebblePeer() *peer {
	command := func(t *tools, w *work, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(t.cache, "bin", "pebble"), args...)
		cmd.Env = append(os.Environ(), "BENCH_DIR="+w.dir, "PEBBLE="+filepath.Join(w.dir, "pebble"))
		return cmd
	}
	return &peer{
		name:    "pebble",
		version: cached("pebble"),
		prepare: pebbleLayer,
		command: func(t *tools, w *work) *exec.Cmd {
			if w.logs == noLogs {
				return command(t, w, "run")
			}
			cmd := command(t, w, "run", "--verbose")
			if f, err := os.Create(filepath.Join(w.dir, "logs", "out")); err == nil {
				cmd.Stdout = f
			}
			return cmd
		},
		stop:   syscall.SIGTERM,
		status: func(t *tools, w *work) *exec.Cmd { return command(t, w, "services") },
		probes: true,
	}
}

func pebbleLayer(_ *tools, w *work) error {
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o755); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("services:\n")
	for _, p := range w.programs {
		fmt.Fprintf(&b, "  %s: {override: replace, startup: enabled, command: '%s', on-success: restart, on-failure: restart, "+
			"backoff-delay: 1ms, backoff-factor: 1.0, backoff-limit: 1ms}\n", p.name, strings.Join(p.argv, " "))
	}
	if w.probe != "" {
		b.WriteString("checks:\n")
		for _, p := range w.programs {
			fmt.Fprintf(&b, "  %s: {override: replace, level: alive, period: 10s, timeout: 1s, http: {url: 'http://127.0.0.1:%s/health'}}\n", p.name, w.probe)
		}
	}
	return write(filepath.Join(w.dir, "pebble", "layers", "001-bench.yaml"), b.String(), 0o644)
}

// composePeer: process-compose takes no backoff below a second.
func composePeer() *peer {
	program := func(t *tools) string { return filepath.Join(t.cache, "bin", "process-compose") }
	socket := func(w *work) string { return filepath.Join(w.dir, "socket") }
	return &peer{
		name:    "process-compose",
		version: cached("process-compose"),
		prepare: composeFile,
		command: func(t *tools, w *work) *exec.Cmd {
			return exec.Command(program(t), "up", "-t=false", "--disable-dotenv", "-u", socket(w), "-U",
				"-f", filepath.Join(w.dir, "compose.yaml"), "-L", filepath.Join(w.dir, "own.log"))
		},
		stop:   syscall.SIGTERM,
		status: func(t *tools, w *work) *exec.Cmd { return exec.Command(program(t), "list", "-U", "-u", socket(w)) },
		probes: true,
	}
}

func composeFile(_ *tools, w *work) error {
	var b strings.Builder
	b.WriteString("version: \"0.5\"\nis_strict: true\n")
	if w.logs != noLogs {
		fmt.Fprintf(&b, "log_configuration: {no_metadata: true, disable_json: true, no_color: true, flush_each_line: false, "+
			"rotation: {max_size_mb: %d, max_backups: %d}}\n", rotateSize>>20, rotateFiles)
	}
	b.WriteString("processes:\n")
	for _, p := range w.programs {
		fmt.Fprintf(&b, "  %s:\n    command: 'exec %s'\n    availability: {restart: always, backoff_seconds: 1}\n", p.name, strings.Join(p.argv, " "))
		if w.logs != noLogs {
			fmt.Fprintf(&b, "    log_location: %s\n", filepath.Join(w.dir, "logs", p.name+".log"))
		}
		if w.probe != "" {
			fmt.Fprintf(&b, "    liveness_probe: {http_get: {host: 127.0.0.1, scheme: http, path: /health, port: %s}, period_seconds: 10}\n", w.probe)
		}
	}
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o755); err != nil {
		return err
	}
	return write(filepath.Join(w.dir, "compose.yaml"), b.String(), 0o644)
}
