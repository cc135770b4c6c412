package shipping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
)

// victoriaLogsVersion is the version that is built where no executable is named.
const victoriaLogsVersion = "v1.52.1"

// victoriaLogs gives the executable, and builds it in a module of its own where DARUMA_TEST_VICTORIALOGS is 1: that takes 55 seconds of processor time.
func victoriaLogs(t *testing.T) string {
	switch named := os.Getenv("DARUMA_TEST_VICTORIALOGS"); named {
	case "":
		t.Skip("DARUMA_TEST_VICTORIALOGS isn't set: 1 builds VictoriaLogs, or it is the path of the executable victoria-logs")
	case "1":
	default:
		return named
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "victoria-logs")
	const module = "github.com/VictoriaMetrics/VictoriaLogs"
	for _, args := range [][]string{{"mod", "init", "store"}, {"get", module + "/app/victoria-logs@" + victoriaLogsVersion},
		{"build", "-trimpath", "-o", exe, module + "/app/victoria-logs"}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return exe
}

// realStore is VictoriaLogs, which can be away.
type realStore struct {
	t         *testing.T
	exe, data string
	address   string
	cmd       *exec.Cmd
}

func newRealStore(t *testing.T, exe string) *realStore {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &realStore{t: t, exe: exe, data: t.TempDir(), address: l.Addr().String()}
}

func (r *realStore) begin() {
	r.t.Helper()
	var said bytes.Buffer
	r.cmd = exec.Command(r.exe, "-storageDataPath="+r.data, "-httpListenAddr="+r.address, "-loggerLevel=WARN", "-retentionPeriod=100y")
	r.cmd.Stdout, r.cmd.Stderr = &said, &said
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.end)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) { // sleep: it tells nobody that it listens
		if answer, err := http.Get("http://" + r.address + "/health"); err == nil {
			answer.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
			r.t.Fatalf("VictoriaLogs doesn't answer: %s", said.String())
		}
	}
}

// end lets it write what it has.
func (r *realStore) end() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
	r.cmd = nil
}

// count gives how many lines there are, and how many with different names.
func (r *realStore) count(name string) (lines, names int) {
	r.t.Helper()
	query := url.Values{"query": {`* | stats count() as lines, count_uniq(` + name + `) as names`}}
	answer, err := http.PostForm("http://"+r.address+"/select/logsql/query", query)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var counted struct{ Lines, Names string }
	if err := json.Unmarshal(text, &counted); err != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
	lines, _ = strconv.Atoi(counted.Lines)
	names, _ = strconv.Atoi(counted.Names)
	return lines, names
}

// await waits until there are so many different ones.
func (r *realStore) await(name string, n int) (lines int) {
	r.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) { // sleep: what was stored is found a moment later
		lines, names := r.count(name)
		if names >= n {
			return lines
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%d different lines of %d are there, want %d", names, lines, n)
		}
	}
}

// TestVictoriaLogs: a real store is away while a million lines are written, 200,000 without DARUMA_TEST_VICTORIALOGS_LINES, takes them when it is there, and
// is away again in between. The lines in the store are those that were written, without kills of the observer each of them once.
func TestVictoriaLogs(t *testing.T) {
	exe := victoriaLogs(t)
	total := 200_000
	if n := os.Getenv("DARUMA_TEST_VICTORIALOGS_LINES"); n != "" {
		total, _ = strconv.Atoi(n)
	}
	for _, c := range []struct{ kind, path, name string }{
		{"otlp", "/insert/opentelemetry/v1/logs", `"log.record.uid"`},
		{"elasticsearch", "/insert/elasticsearch", `"daruma.file", "log.offset"`},
	} {
		t.Run(c.kind, func(t *testing.T) {
			m, log, store := newMachine(t), &said{t: t}, newRealStore(t, exe)
			api := m.log("shop", "api")
			to := target("http://"+store.address+c.path, ofType(c.kind), func(t *Target) {
				t.MaxBatch = defaultBatch
				if c.kind == "elasticsearch" {
					t.Headers = []receiver.Header{{Name: "VL-Msg-Field", Value: "message"}, {Name: "VL-Time-Field", Value: "@timestamp"},
						{Name: "VL-Stream-Fields", Value: "host.name,service.name,process.name"}}
				}
			})
			state := t.TempDir()
			stop := start(t, m, state, log, to)
			var many bytes.Buffer
			for i := range total {
				fmt.Fprintf(&many, "line %d of the outage, with some text that makes it as long as lines are\n", i)
			}
			for _, part := range slices.Collect(slices.Chunk(many.Bytes(), 9000)) { // a file each, as the rotation has it
				if _, err := api.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			log.await(1) // it doesn't arrive
			store.begin()
			began := time.Now()
			half := store.await(c.name, total/2)
			store.end()
			store.begin()
			if lines := store.await(c.name, total); lines != total {
				t.Errorf("%d lines are in the store (%d at the second outage), and %d were written", lines, half, total)
			}
			t.Logf("%d lines in %v, an outage in between", total, time.Since(began).Round(time.Millisecond))
			stop()
			// Killed, that is with the position of before the last lines: they are sent again, and are the same ones.
			before := copyFolder(t, state)
			start(t, m, state, log, to)
			m.write(api, "more", 0, 1000)
			store.await(c.name, total+1000)
			start(t, m, before, log, to)
			m.write(api, "more", 1000, 1001)
			lines := store.await(c.name, total+1001)
			if _, names := store.count(c.name); names != total+1001 {
				t.Errorf("%d different lines of %d are in the store, and %d were written", names, lines, total+1001)
			}
		})
	}
}
