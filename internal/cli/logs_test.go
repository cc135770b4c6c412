package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// withLogs makes a service whose programs have written the lines, "PROGRAM text", one after the other.
func withLogs(t *testing.T, service string, format logfile.Format, lines ...string) folders.Folders {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	f, err := folders.Of(service)
	if err != nil {
		t.Fatal(err)
	}
	if err := access.MakeFolders(service, f, access.Strangers); err != nil {
		t.Fatal(err)
	}
	s, err := logs.Open(logs.Options{Service: service, Dir: f.Logs, SpoolDir: f.Run})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, line := range lines {
		program, text, _ := strings.Cut(line, " ")
		k, err := s.Program(program, logfile.Settings{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c, err := k.Attach(i+1, "stdout", r)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		w.Close()
		if err := c.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // sleep: less than that the index doesn't tell apart
	}
	return f
}

func runLogs(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(append([]string{"logs"}, args...), IO{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func TestLogsShowsLines(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			withLogs(t, "shop", format, "api one\n", "worker two\n", "api three\nfour\n", "worker five")
			for _, c := range []struct{ args, want string }{
				{"shop", "api    | one\nworker | two\napi    | three\napi    | four\nworker | five\n"}, // its run goes on; the line has our words before it, so it is a whole line of ours
				{"shop/api", "one\nthree\nfour\n"},
				{"shop/worker -n 1", "five"},
				{"shop/api -n 0", ""},
				{"shop/api --since 1h", "one\nthree\nfour\n"},
				{"shop/api --until 1h", ""},
				{"shop/api -n all", "one\nthree\nfour\n"},
			} {
				code, out, errs := runLogs(strings.Fields(c.args)...)
				if code != ExitDone || errs != "" || out != c.want {
					t.Errorf("logs %s: code %d, stderr %q, got\n%s\nwant\n%s", c.args, code, errs, out, c.want)
				}
			}
			_, out, _ := runLogs("shop/api", "-t", "-n", "1")
			stamp, text, _ := strings.Cut(out, " ")
			if at, err := time.Parse(time.RFC3339Nano, stamp); err != nil || time.Since(at) > time.Minute || text != "four\n" {
				t.Errorf("-t: %q", out)
			}
			_, out, _ = runLogs("shop/api", "-o", "json")
			for line := range strings.Lines(out) {
				var o map[string]any
				if err := json.Unmarshal([]byte(line), &o); err != nil || o["process.name"] != "api" || o["@timestamp"] == nil || o["message"] == "" {
					t.Errorf("-o json: %v in %q", err, line)
				}
			}
		})
	}
}

func TestLogsSaysWhatThereIs(t *testing.T) {
	f := withLogs(t, "shop", logfile.Text, "api one\n", "worker two\n")
	if err := os.WriteFile(filepath.Join(f.Logs, "daruma.log"), []byte("own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"shop/nix"}, ExitFailed, "no logs of a program nix; it has those of api, worker"},
		{[]string{"nix"}, ExitFailed, "no service nix here; known are shop"},
		{[]string{"shop", "-n", "-3"}, ExitUsage, `-n "-3": must be a number`},
		{[]string{"shop", "--since", "yesterday"}, ExitUsage, `--since "yesterday": must be an age`},
		{[]string{"shop", "-f", "--until", "1h"}, ExitUsage, "exclude each other"},
		{[]string{"../shop"}, ExitUsage, ""},
		{[]string{"shop/daruma"}, ExitDone, ""},
	} {
		code, out, errs := runLogs(c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || code != ExitDone && out != "" {
			t.Errorf("logs %v: code %d, stdout %q, stderr %q; want %d, %q", c.args, code, out, errs, c.code, c.want)
		}
	}
}

func TestLogTimes(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"":                     {},
		"10m":                  now.Add(-10 * time.Minute),
		"1.5d":                 now.Add(-36 * time.Hour),
		"2026-11-22 10:00":     now.Add(-2 * time.Hour),
		"2026-11-22T10:00:00Z": now.Add(-time.Hour),
		"11:30":                now.Add(-30 * time.Minute),
		"2026-11-22":           now.Add(-12 * time.Hour),
	} {
		if got, err := parseTime("--since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "-3m", "2026-13-01", "d", "-1d"} {
		if got, err := parseTime("--since", text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestLogsFollowPrintsWhatComes prints what comes at once, and ends without a complaint.
func TestLogsFollowPrintsWhatComes(t *testing.T) {
	f := withLogs(t, "shop", logfile.Text, "api one\n")
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	flags := logsFlags{follow: true, output: new(format)}
	q, err := flags.query(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- showLogs(ctx, IO{Out: w, Err: io.Discard}, target{"shop", ""}, q, flags) }()
	buf := make([]byte, 100)
	for i, want := range []string{"one\n", "two\n"} {
		n, err := r.Read(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("read %q, %v; want %q", buf[:n], err, want)
		}
		if i == 0 {
			file, err := os.OpenFile(filepath.Join(f.Logs, "api.log"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(file, "two")
			file.Close()
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
