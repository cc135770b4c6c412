package metrics

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

type fixed []observe.Seen

func (f fixed) Look(context.Context) ([]observe.Seen, error) { return f, nil }

func pointer[T any](v T) *T { return &v }

func shop() fixed {
	began := time.Unix(1700000000, 250e6)
	return fixed{
		{Service: "down", Err: control.ErrNotRunning},
		{Service: "shop", Status: control.Status{
			StartedAt: began, SupervisorRestarts: 2, Definition: control.DefinitionChanged, Warnings: []string{"changed"},
			Programs: []control.ProgramStatus{
				{
					Name: "api", Wanted: true, State: control.StateRunning, Ready: true, Healthy: true, PID: 42, StartedAt: began, Restarts: 7, RestartsBy: map[string]int{"exit": 4, "signal": 2},
					CPUSeconds: 1.5, Processes: 3, OpenFiles: 12,
					MemoryBytes: 1 << 20, LogBytes: 1000, LogLost: 5, LastExit: &control.Exit{Code: pointer(3)}, Generation: 8,
					Probes: []control.ProbeStatus{{Kind: "readiness", OK: true, Probes: 9, Failed: 1, DurationSeconds: 0.25}, {Kind: "liveness", Failures: 2}},
				},
				{Name: "job", State: control.StateStopped, Healthy: true, LastExit: &control.Exit{Signal: "SIGKILL"}},
			},
		}, Falls: map[string]observe.Falls{
			"": {Incidents: map[incident.Kind]int64{incident.Supervisor: 2}},
			"api": {
				Incidents: map[incident.Kind]int64{incident.Exit: 3, incident.Signal: 1}, Recorded: true, Wanted: time.Hour, Down: 36 * time.Second,
				Recovery: observe.Recoveries{In: [14]uint64{1, 0, 2}, Count: 4, Seconds: 3600.125},
			},
		}},
	}
}

func TestMetrics(t *testing.T) {
	const want = `
# HELP daruma_program_availability_ratio Of the time since the machine's boot in which the program was to run, the part in which no incident had it down.
# TYPE daruma_program_availability_ratio gauge
daruma_program_availability_ratio{program="api",service="shop"} 0.99
# HELP daruma_program_cpu_seconds_total Processor time that its processes used.
# TYPE daruma_program_cpu_seconds_total counter
daruma_program_cpu_seconds_total{program="api",service="shop"} 1.5
daruma_program_cpu_seconds_total{program="job",service="shop"} 0
# HELP daruma_program_incidents_total Incidents of the incident record, by the kind of the first fall.
# TYPE daruma_program_incidents_total counter
daruma_program_incidents_total{cause="exit",program="api",service="shop"} 3
daruma_program_incidents_total{cause="signal",program="api",service="shop"} 1
# HELP daruma_program_open_files Open files, sockets and pipes of all its processes (Windows: handles); none: unknown.
# TYPE daruma_program_open_files gauge
daruma_program_open_files{program="api",service="shop"} 12
# HELP daruma_program_probe_duration_seconds How long the last probe took; none: there was none yet.
# TYPE daruma_program_probe_duration_seconds gauge
daruma_program_probe_duration_seconds{probe="readiness",program="api",service="shop"} 0.25
# HELP daruma_program_probe_failures_total Probes that failed.
# TYPE daruma_program_probe_failures_total counter
daruma_program_probe_failures_total{probe="liveness",program="api",service="shop"} 0
daruma_program_probe_failures_total{probe="readiness",program="api",service="shop"} 1
# HELP daruma_program_recovery_seconds How long it took from the first fall of an incident until the program stood again.
# TYPE daruma_program_recovery_seconds histogram
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.01"} 1
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.025"} 1
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.05"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.1"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.25"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="0.5"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="1"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="2.5"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="5"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="10"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="30"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="60"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="300"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="1800"} 3
daruma_program_recovery_seconds_bucket{program="api",service="shop",le="+Inf"} 4
daruma_program_recovery_seconds_sum{program="api",service="shop"} 3600.125
daruma_program_recovery_seconds_count{program="api",service="shop"} 4
# HELP daruma_service_incidents_total Incidents of daruma's own processes, by kind; no program was down by them.
# TYPE daruma_service_incidents_total counter
daruma_service_incidents_total{cause="supervisor",service="shop"} 2
# HELP daruma_program_last_exit_code Exit code of the run before this one; none: there was none, or a signal ended it.
# TYPE daruma_program_last_exit_code gauge
daruma_program_last_exit_code{program="api",service="shop"} 3
# HELP daruma_program_log_lost_bytes_total Output that couldn't be written.
# TYPE daruma_program_log_lost_bytes_total counter
daruma_program_log_lost_bytes_total{program="api",service="shop"} 5
daruma_program_log_lost_bytes_total{program="job",service="shop"} 0
# HELP daruma_program_probe_consecutive_failures Failures of the probe in a row.
# TYPE daruma_program_probe_consecutive_failures gauge
daruma_program_probe_consecutive_failures{probe="liveness",program="api",service="shop"} 2
daruma_program_probe_consecutive_failures{probe="readiness",program="api",service="shop"} 0
# HELP daruma_program_restarts_total Restarts of the program, by the kind of the fall that led to each.
# TYPE daruma_program_restarts_total counter
daruma_program_restarts_total{cause="exit",program="api",service="shop"} 4
daruma_program_restarts_total{cause="livenessProbe",program="api",service="shop"} 0
daruma_program_restarts_total{cause="other",program="api",service="shop"} 1
daruma_program_restarts_total{cause="outOfMemory",program="api",service="shop"} 0
daruma_program_restarts_total{cause="postStart",program="api",service="shop"} 0
daruma_program_restarts_total{cause="signal",program="api",service="shop"} 2
daruma_program_restarts_total{cause="spawn",program="api",service="shop"} 0
daruma_program_restarts_total{cause="startupProbe",program="api",service="shop"} 0
daruma_program_restarts_total{cause="exit",program="job",service="shop"} 0
daruma_program_restarts_total{cause="livenessProbe",program="job",service="shop"} 0
daruma_program_restarts_total{cause="outOfMemory",program="job",service="shop"} 0
daruma_program_restarts_total{cause="postStart",program="job",service="shop"} 0
daruma_program_restarts_total{cause="signal",program="job",service="shop"} 0
daruma_program_restarts_total{cause="spawn",program="job",service="shop"} 0
daruma_program_restarts_total{cause="startupProbe",program="job",service="shop"} 0
# HELP daruma_program_start_time_seconds When its current run started, since the epoch; none: it doesn't run.
# TYPE daruma_program_start_time_seconds gauge
daruma_program_start_time_seconds{program="api",service="shop"} 1.70000000025e+09
# HELP daruma_program_up Whether the program has a process.
# TYPE daruma_program_up gauge
daruma_program_up{program="api",service="shop"} 1
daruma_program_up{program="job",service="shop"} 0
# HELP daruma_service_definition_loaded Whether the definition on disk is the one in force; 0: changed, refused or not readable.
# TYPE daruma_service_definition_loaded gauge
daruma_service_definition_loaded{service="shop"} 0
# HELP daruma_service_up Whether the service's supervisor answers.
# TYPE daruma_service_up gauge
daruma_service_up{service="down"} 0
daruma_service_up{service="shop"} 1
`
	c := NewCollector(shop(), "1.0.0")
	err := testutil.CollectAndCompare(c, strings.NewReader(want), "daruma_program_availability_ratio", "daruma_program_cpu_seconds_total",
		"daruma_program_incidents_total", "daruma_program_open_files", "daruma_program_probe_duration_seconds", "daruma_program_probe_failures_total",
		"daruma_program_recovery_seconds", "daruma_service_incidents_total", "daruma_program_last_exit_code", "daruma_program_log_lost_bytes_total",
		"daruma_program_probe_consecutive_failures", "daruma_program_restarts_total", "daruma_program_start_time_seconds", "daruma_program_up",
		"daruma_service_definition_loaded", "daruma_service_up")
	if err != nil {
		t.Error(err)
	}
}

// The program is in one state, and the other eight are there with 0: an alert needs no absent().
func TestStates(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector(shop(), "1.0.0"))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	states, ones := 0, 0.0
	for _, f := range families {
		if f.GetName() == "daruma_program_state" {
			for _, m := range f.GetMetric() {
				states++
				ones += m.GetGauge().GetValue()
			}
		}
	}
	if states != 2*len(control.States()) || ones != 2 {
		t.Errorf("%d states of two programs, %v of them 1", states, ones)
	}
}

// What promtool check metrics says, by the same rules.
func TestPromlint(t *testing.T) {
	problems, err := testutil.CollectAndLint(NewCollector(shop(), "1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestServer(t *testing.T) {
	server := Server(NewCollector(shop(), "1.0.0"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	for _, c := range []struct {
		method, path, accept, want string
		code                       int
	}{
		{"GET", "/metrics", "", `daruma_service_up{service="shop"} 1`, 200},
		{"GET", "/metrics", "application/openmetrics-text; version=1.0.0", "# EOF", 200},
		{"GET", "/", "", `href="metrics"`, 200},
		{"GET", "/other", "", "404", 404},
		{"POST", "/metrics", "", "", 405},
	} {
		r, err := http.NewRequest(c.method, "http://"+l.Addr().String()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", c.accept)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.code || !strings.Contains(string(body), c.want) || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d, %v, %s", c.method, c.path, answer.StatusCode, err, body)
		}
	}
}

// The file is there at once, renewed, and gone at the end; a folder that goes away in between is said once.
func TestTextfiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "textfile")
	g := NewCollector(shop(), "1.0.0")
	if err := WriteTextfiles(t.Context(), g, dir, time.Hour, nil); err == nil {
		t.Error("a folder that isn't there is no error")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan error, 10)
	done := make(chan error)
	go func() {
		done <- WriteTextfiles(ctx, g, dir, time.Millisecond, func(err error) { said <- err })
	}()
	path := filepath.Join(dir, TextfileName)
	for deadline := time.Now().Add(10 * time.Second); ; {
		if data, err := os.ReadFile(path); err == nil {
			if !strings.Contains(string(data), "daruma_program_restarts_total") {
				t.Errorf("%s", data)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no file")
		}
	}
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	if err := <-said; err == nil {
		t.Error("the folder is gone, and nothing failed")
	}
	if err := os.Rename(dir+"2", dir); err != nil {
		t.Fatal(err)
	}
	if err := <-said; err != nil {
		t.Errorf("the folder is there again: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
}

// thousand is a service of 1,000 programs, each with two probes and a history.
func thousand() fixed {
	seen := shop()[1:]
	api, falls := seen[0].Status.Programs[0], seen[0].Falls["api"]
	seen[0].Status.Programs = nil
	for i := range 1000 {
		api.Name = fmt.Sprintf("worker-%d", i)
		seen[0].Status.Programs, seen[0].Falls[api.Name] = append(seen[0].Status.Programs, api), falls
	}
	return seen
}

// BenchmarkScrape is what a scrape of 1,000 programs costs beyond asking their supervisors.
func BenchmarkScrape(b *testing.B) {
	handler := Server(NewCollector(thousand(), "1.0.0")).Handler
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(nowhere{}, httptest.NewRequest("GET", "/metrics", nil))
	}
}

// nowhere is a client that takes everything at once.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
