package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

func TestEvents(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"), up("worker"))
	out, _ := daruma(t, ExitDone, "events", "shop")
	if out != "" {
		t.Errorf("nothing happened yet: %q", out)
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 5e6, time.Local)
	f.hub.Publish(control.Event{Time: at, Kind: control.EventStarted, Program: "api", Generation: 2, PID: 7, Reason: "dependency\nready"})
	f.hub.Publish(control.Event{Time: at, Kind: control.EventExited, Program: "worker", Generation: 1, Reason: "exit code 1"})
	f.hub.Publish(control.Event{Time: at, Kind: control.EventReloaded})
	const api = "2026-07-01 12:00:00.005  api  started  (run 2, pid 7)  dependency ready\n"
	const worker = "2026-07-01 12:00:00.005  worker  exited  (run 1)  exit code 1\n"
	const all = "2026-07-01 12:00:00.005  (service)  reloaded\n"
	for args, want := range map[string]string{
		"events shop":        api + worker + all,
		"events":             api + worker + all,
		"events shop -n 1":   all,
		"events shop -n 0":   "",
		"events shop/worker": worker,
	} {
		if out, _ := daruma(t, ExitDone, strings.Fields(args)...); out != want {
			t.Errorf("%s: %q, want %q", args, out, want)
		}
	}
	daruma(t, ExitUsage, "events", "shop/web")
	daruma(t, ExitUsage, "events", "shop", "-n", "-1")
	out, _ = daruma(t, ExitDone, "events", "shop/api", "-o", "json")
	var e control.Event
	if err := json.Unmarshal([]byte(out), &e); err != nil || e.Seq != 1 || e.PID != 7 || !e.Time.Equal(at) {
		t.Errorf("%s: %+v %v", out, e, err)
	}
}

// events -f goes on when another supervisor takes over, without missing or repeating anything.
func TestEventsFollowOverASuccessor(t *testing.T) {
	home(t)
	socket := known(t, "shop").Socket()
	f := &fakeSupervisor{hub: control.NewHub(0), status: control.Status{Service: "shop"}}
	first, err := control.Listen(socket, f, f.hub)
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		f.hub.Publish(control.Event{Kind: control.EventStarted})
	}
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	finished := make(chan error, 1)
	go func() {
		finished <- showEvents(ctx, IO{Out: w, Err: io.Discard}, target{service: "shop"}, 10, true, formatJSON)
	}()
	lines := bufio.NewScanner(r)
	expect := func(seq uint64) {
		t.Helper()
		var e control.Event
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &e) != nil || e.Seq != seq {
			t.Fatalf("got %q, want event %d", lines.Text(), seq)
		}
	}
	for seq := uint64(3); seq <= 12; seq++ {
		expect(seq)
	}
	f.hub.Publish(control.Event{Kind: control.EventReady})
	expect(13)
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}
	successor := control.NewHub(f.hub.Last())
	successor.Publish(control.Event{Kind: control.EventSupervisorReplaced}) // before anyone could be connected
	second, err := control.Listen(socket, f, successor)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(context.Background())
	expect(14)
	successor.Publish(control.Event{Kind: control.EventReady})
	expect(15)
	cancel()
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
}
