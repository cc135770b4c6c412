package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(go test ./internal/cli -update writes it anew)", name, got, want)
	}
}

// everything is one program in each condition that people can see.
func everything(now time.Time) []view {
	worker := up("worker")
	worker.Ready, worker.UptimeSeconds, worker.MemoryBytes, worker.LogLost = false, 45.2, 1600, 3<<20
	worker.Probes = []control.ProbeStatus{
		{Kind: "readiness", Failures: 2, Message: "GET http://127.0.0.1:8080/ready:\nconnection refused"},
		{Kind: "liveness", OK: true, Failures: 0},
	}
	sick := up("sick")
	sick.Healthy, sick.UptimeSeconds, sick.MemoryBytes = false, 0.4, 3<<30
	frozen := up("frozen")
	frozen.Paused, frozen.UptimeSeconds, frozen.Reason = true, 86400*5+4*3600, "daruma pause by jo"
	return []view{
		{Running: true, Status: control.Status{
			Service:  "shop",
			Warnings: []string{"limits.memory of api isn't enforced: no cgroup v2 here"},
			Programs: []control.ProgramStatus{
				up("api"), worker, sick, frozen,
				{Name: "flaky", Wanted: true, State: control.StateBackoff, Healthy: true, Restarts: 7, Reason: "exit code 1; 7 failures in a row, next start in 16 s", NextRestartAt: now.Add(8 * time.Second)},
				{Name: "broken", Wanted: true, State: control.StateFailed, Healthy: true, Restarts: 8, Reason: "given up: 8 restarts within 10m"},
				{Name: "migrate", Wanted: true, State: control.StateCompleted, Healthy: true, Reason: "exit code 0"},
				{Name: "report", Wanted: true, State: control.StateWaiting, Healthy: true, Reason: "waits for api to be ready"},
				{Name: "old", State: control.StateStopped, Healthy: true, Reason: "daruma stop by jo"},
			},
		}},
		{Running: true, Status: control.Status{Service: "empty"}},
		{err: control.ErrNotRunning, Problem: "not running", Status: control.Status{Service: "blog"}},
		{err: errors.New("x"), Problem: "service vault belongs to root: use sudo", Status: control.Status{Service: "vault"}},
	}
}

func TestTable(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	golden(t, "status.txt", table(screen.Screen{}, everything(now), now))
	golden(t, "status-narrow-colour.txt", table(screen.Screen{Terminal: true, Colours: true, Width: 90}, everything(now), now))
}

func TestStatus(t *testing.T) {
	home(t)
	out, err := daruma(t, ExitDone, "status")
	has(t, err, "no service is known here", "daruma run FILE")
	if out != "" {
		t.Errorf("printed %q", out)
	}

	f := supervise(t, "shop", up("api"), up("worker"))
	for _, args := range [][]string{{"status"}, {"status", "shop"}} {
		out, _ = daruma(t, ExitDone, args...)
		has(t, out, "NAME/PROGRAM", "shop/api", "shop/worker", "running", "3h12m", "24Mi", "started with the service")
	}
	out, _ = daruma(t, ExitDone, "status", "shop/worker")
	if strings.Contains(out, "shop/api") || !strings.Contains(out, "shop/worker") {
		t.Errorf("one program: %s", out)
	}
	_, err = daruma(t, ExitUsage, "status", "shop/web")
	has(t, err, `no program "web"; the service has api, worker`)
	_, err = daruma(t, ExitNotRunning, "status", "blog")
	has(t, err, "service blog is not running", "daruma run FILE", "known here: shop")
	daruma(t, ExitUsage, "status", "../etc")
	daruma(t, ExitUsage, "status", "shop/")
	daruma(t, ExitUsage, "status", "shop", "blog")
	daruma(t, ExitUsage, "status", "-o", "yaml")

	known(t, "blog")
	out, _ = daruma(t, ExitNotRunning, "status")
	has(t, out, "blog", "not running", "shop/api")
	f.change(control.Event{}, func(st *control.Status) { st.Programs[1].State = control.StateBackoff })
	daruma(t, ExitNotRunning, "status", "shop")
	daruma(t, ExitDone, "status", "shop/api")
}

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*control.ProgramStatus)
		code   int
	}{
		"running":         {func(*control.ProgramStatus) {}, ExitDone},
		"not ready":       {func(p *control.ProgramStatus) { p.Ready = false }, ExitDone},
		"completed":       {func(p *control.ProgramStatus) { p.State = control.StateCompleted }, ExitDone},
		"stopped on wish": {func(p *control.ProgramStatus) { p.Wanted, p.State = false, control.StateStopped }, ExitDone},
		"starting":        {func(p *control.ProgramStatus) { p.State = control.StateStarting }, ExitNotRunning},
		"backoff":         {func(p *control.ProgramStatus) { p.State = control.StateBackoff }, ExitNotRunning},
		"failed":          {func(p *control.ProgramStatus) { p.State = control.StateFailed }, ExitNotRunning},
		"paused":          {func(p *control.ProgramStatus) { p.Paused = true }, ExitNotRunning},
	} {
		p := up("api")
		c.change(&p)
		if code := exitCodeOf([]view{{Running: true, Status: control.Status{Programs: []control.ProgramStatus{p}}}}); code != c.code {
			t.Errorf("%s: exit code %d, want %d", name, code, c.code)
		}
	}
	if code := exitCodeOf([]view{{err: control.ErrNotRunning}, {err: errors.New("denied")}}); code != ExitFailed {
		t.Errorf("one that can't be asked: exit code %d", code)
	}
}

func TestStatusJSON(t *testing.T) {
	home(t)
	supervise(t, "shop", up("api"))
	known(t, "blog")
	out, _ := daruma(t, ExitDone, "status", "shop", "-o", "json")
	var one struct {
		Running       bool
		Service       string
		SupervisorPid int
		Programs      []struct {
			Name, State string
			Pid         int
		}
	}
	if err := json.Unmarshal([]byte(out), &one); err != nil || !one.Running || one.Service != "shop" || one.SupervisorPid != 11 || one.Programs[0].Pid != 1234 {
		t.Errorf("%s: %+v %v", out, one, err)
	}
	out, _ = daruma(t, ExitNotRunning, "status", "-o", "json")
	var all []view
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 2 || all[0].Service != "blog" || all[0].Running || !all[1].Running {
		t.Errorf("%s: %v", out, err)
	}
	out, _ = daruma(t, ExitNotRunning, "status", "blog", "-o", "json")
	has(t, out, `"running": false`, `"problem": "service blog is not running"`)
}

// watching runs status --watch and gives its lines; the function it gives ends it.
func watching(t *testing.T, output format) (next func() string, end func()) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	finished := make(chan error, 1)
	go func() {
		err := watchStatus(ctx, IO{In: strings.NewReader(""), Out: w, Err: io.Discard}, target{}, output)
		_ = w.CloseWithError(errors.New("the watch has ended"))
		finished <- err
	}()
	lines := bufio.NewScanner(r)
	next = func() string {
		if !lines.Scan() {
			t.Fatalf("no more lines: %v", lines.Err())
		}
		return lines.Text()
	}
	return next, func() {
		cancel()
		_ = r.Close()
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
}

func TestWatchPrintsChanges(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"), up("worker"))
	known(t, "blog")
	next, end := watching(t, formatText)
	has(t, next(), "blog: not running")
	has(t, next(), "shop/api: running, ready, pid 1234 (started with the service)")
	has(t, next(), "shop/worker: running, ready, pid 1234")
	f.change(control.Event{Kind: control.EventBackoff}, func(st *control.Status) {
		p := &st.Programs[0]
		p.State, p.Ready, p.PID, p.Restarts, p.Reason = control.StateBackoff, false, 0, 1, "exit code 1"
		st.Programs[1].UptimeSeconds++ // no news
	})
	has(t, next(), "shop/api: backoff, restarted once (exit code 1)")
	f.change(control.Event{Kind: control.EventReloaded}, func(st *control.Status) { st.Programs = st.Programs[:1] })
	has(t, next(), "shop/worker: no longer in the definition")
	supervise(t, "blog", up("web")) // it starts meanwhile
	has(t, next(), "blog/web: running")
	end()
}

func TestWatchJSON(t *testing.T) {
	home(t)
	api := up("api")
	api.LastExit = &control.Exit{At: time.Now(), Words: "exit code 1"}
	f := supervise(t, "shop", api)
	next, end := watching(t, formatJSON)
	for _, want := range []string{"running", "stopping"} {
		var v view
		if err := json.Unmarshal([]byte(next()), &v); err != nil || string(v.Programs[0].State) != want {
			t.Fatalf("%+v, %v; want %s", v, err, want)
		}
		f.change(control.Event{Kind: control.EventExited}, func(st *control.Status) { // no news
			p := &st.Programs[0]
			p.UptimeSeconds, p.LastExit = 99, &control.Exit{At: p.LastExit.At.Add(1), Words: "exit code 1"}
		})
		f.change(control.Event{Kind: control.EventStopping}, func(st *control.Status) { st.Programs[0].State = control.StateStopping })
	}
	end()
}

func TestRedraw(t *testing.T) {
	var out bytes.Buffer
	draw := redraw(IO{Out: &out})
	for range 2 {
		if err := draw(everything(time.Now())[:1]); err != nil {
			t.Fatal(err)
		}
	}
	text := out.String()
	if strings.Count(text, "\x1b[2J") != 1 || strings.Count(text, "\x1b[H") != 2 || strings.Count(text, "\x1b[K\n") < 20 || !strings.HasSuffix(text, "\x1b[J") {
		t.Errorf("%q", text)
	}
}
