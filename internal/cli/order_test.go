package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// answers makes a command end with these results.
func answers(results ...control.ProgramResult) func(context.Context, control.Command) (control.Answer, error) {
	return func(context.Context, control.Command) (control.Answer, error) {
		return control.Answer{Results: results}, nil
	}
}

func TestOrders(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"))
	zero := 0
	for _, c := range []struct {
		args string
		want control.Command
		gets control.ProgramResult
		out  string
	}{
		{"start shop/api", control.Command{Verb: control.VerbStart, Program: "api", MinReadySeconds: 1, Reason: "daruma start by jo"},
			control.ProgramResult{State: control.StateRunning, PID: 77, TookMs: 1234}, "api: running, pid 77, after 1.2 s\n"},
		{"stop shop/api --reason maintenance", control.Command{Verb: control.VerbStop, Program: "api", Reason: "maintenance"},
			control.ProgramResult{State: control.StateStopped, EndedBy: control.EndedSignal, Signal: "SIGTERM", ExitCode: &zero, TookMs: 204},
			"api: stopped by SIGTERM after 0.2 s, exit code 0\n"},
		{"restart shop", control.Command{Verb: control.VerbRestart, MinReadySeconds: 1, Reason: "daruma restart by jo"},
			control.ProgramResult{State: control.StateRunning, PID: 78, TookMs: 12345, EndedBy: control.EndedKill, Signal: "SIGKILL"},
			"api: running, pid 78, after 12 s; the old run was ended by force, when its grace period was over\n"},
		{"pause shop/api", control.Command{Verb: control.VerbPause, Program: "api", Reason: "daruma pause by jo"},
			control.ProgramResult{State: control.StateRunning}, "api: paused\n"},
		{"resume shop/api", control.Command{Verb: control.VerbResume, Program: "api", Reason: "daruma resume by jo"},
			control.ProgramResult{State: control.StateRunning, Message: "it wasn't paused"}, "api: resumed (it wasn't paused)\n"},
		{"control shop/api 130", control.Command{Verb: control.VerbControl, Program: "api", Code: 130, Reason: "daruma control by jo"},
			control.ProgramResult{State: control.StateRunning, TookMs: 20}, "api: done after 0.020 s\n"},
	} {
		c.gets.Program, c.gets.Done = "api", true
		f.command = answers(c.gets)
		out, _ := daruma(t, ExitDone, strings.Fields(c.args)...)
		if out != c.out {
			t.Errorf("%s: %q, want %q", c.args, out, c.out)
		}
		all := f.commands()
		if got := all[len(all)-1]; got != c.want {
			t.Errorf("%s: the supervisor was told %+v, want %+v", c.args, got, c.want)
		}
	}
}

func TestStopWithGrace(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"))
	f.command = answers(control.ProgramResult{Program: "api", Done: true, EndedBy: control.EndedKill})
	for arg, want := range map[string]float64{"--grace=1.5s": 1.5, "--grace=0": 0} {
		daruma(t, ExitDone, "stop", "shop", arg)
		all := f.commands()
		if got := all[len(all)-1].GraceSeconds; got == nil || *got != want {
			t.Errorf("%s: %v", arg, got)
		}
	}
	n := len(f.commands())
	daruma(t, ExitUsage, "control", "shop", "reload")
	daruma(t, ExitUsage, "control", "shop", "127")
	daruma(t, ExitUsage, "control", "shop")
	daruma(t, ExitUsage, "stop", "shop", "--grace=-1s")
	daruma(t, ExitUsage, "stop", "shop", "--grace=48h")
	daruma(t, ExitUsage, "stop", "shop", "--timeout=-1s")
	daruma(t, ExitUsage, "start", "shop", "--grace=1s")
	if len(f.commands()) != n {
		t.Error("a refused order reached the supervisor")
	}
}

func TestWaysAStopEnds(t *testing.T) {
	one := 1
	for want, r := range map[string]control.ProgramResult{
		"already stopped": {EndedBy: control.EndedAlreadyStopped},
		"stopped by its preStop hook after 0.5 s, exit code 1":             {EndedBy: control.EndedPreStop, ExitCode: &one, TookMs: 500},
		"stopped by SIGINT after 0.012 s":                                  {EndedBy: control.EndedSignal, Signal: "SIGINT", TookMs: 12},
		"ended by force after 30 s, when its grace period was over":        {EndedBy: control.EndedKill, Signal: "SIGKILL", TookMs: 30040},
		"ended by force after 0.040 s, at once (it has no window)":         {EndedBy: control.EndedUnasked, Signal: "SIGKILL", TookMs: 40, Message: "it has no window"},
		"gone by itself after 0.000 s, exit code 1 (it fell on its own)":   {EndedBy: control.EndedExited, ExitCode: &one, Message: "it fell on its own"},
		"stopped after 9.9 s (a newline and an escape  don't get through)": {TookMs: 9940, Message: "a newline\nand an escape\x1b don't get through"},
	} {
		r.Done = true
		if got := outcome(control.VerbStop, r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOrderThatFails(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"), up("worker"))
	f.command = answers(
		control.ProgramResult{Program: "api", Done: true, State: control.StateRunning, PID: 5},
		control.ProgramResult{Program: "worker", State: control.StateBackoff, Message: "bin/worker: no such file, searched in /srv/shop"})
	out, err := daruma(t, ExitFailed, "start", "shop")
	has(t, out, "api: running, pid 5")
	has(t, err, "worker: not started; it is in backoff: bin/worker: no such file, searched in /srv/shop")

	out, _ = daruma(t, ExitFailed, "start", "shop", "-o", "json")
	var a control.Answer
	if err := json.Unmarshal([]byte(out), &a); err != nil || len(a.Results) != 2 || a.Results[1].Done {
		t.Errorf("%s: %v", out, err)
	}

	f.command = func(context.Context, control.Command) (control.Answer, error) {
		return control.Answer{}, &control.UnknownProgramError{Program: "web", Known: []string{"api", "worker"}}
	}
	_, err = daruma(t, ExitUsage, "restart", "shop/web")
	has(t, err, `no program "web"; the service has api, worker`)
	f.command = func(context.Context, control.Command) (control.Answer, error) {
		return control.Answer{}, &control.ConflictError{Reason: "the service is ending"}
	}
	_, err = daruma(t, ExitFailed, "restart", "shop")
	has(t, err, "the service is ending")
}

func TestOrderTimesOut(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"))
	f.command = func(ctx context.Context, _ control.Command) (control.Answer, error) {
		<-ctx.Done()
		return control.Answer{}, ctx.Err()
	}
	_, err := daruma(t, ExitFailed, "stop", "shop", "--timeout", "50ms")
	has(t, err, "stopping shop isn't over after 50ms and goes on, with api (running", "daruma status shop")

	slow := up("slow")
	slow.Ready, slow.Reason = false, "process 5 is up"
	slow.Probes = []control.ProbeStatus{{Kind: "readiness", Failures: 3, Message: "tcp 127.0.0.1:1: connection refused"}}
	late := control.ProgramStatus{Name: "late", State: control.StateWaiting, Reason: "waits for slow to be ready"}
	f.status.Programs = []control.ProgramStatus{up("api"), slow, {Name: "gone", State: control.StateFailed}, late}
	_, err = daruma(t, ExitFailed, "start", "shop", "--timeout", "50ms")
	has(t, err, "goes on, with slow (running: process 5 is up; readiness probe failed 3 times: tcp 127.0.0.1:1: connection refused), "+
		"late (waiting: waits for slow to be ready); see: daruma status shop")
	_, err = daruma(t, ExitFailed, "start", "shop/late", "--timeout", "50ms")
	has(t, err, "goes on, with late (waiting: waits for slow to be ready); see")
}

func TestNotRunning(t *testing.T) {
	home(t)
	for _, verb := range []string{"start", "stop", "restart", "pause", "resume", "reload", "events"} {
		_, err := daruma(t, ExitNotRunning, verb, "shop")
		has(t, err, "service shop is not running. Start it with: daruma run FILE")
	}
}

func TestNameLeftOut(t *testing.T) {
	home(t)
	_, err := daruma(t, ExitNotRunning, "stop")
	has(t, err, "no service is known here")
	known(t, "blog")
	_, err = daruma(t, ExitNotRunning, "stop")
	has(t, err, "no service runs here; known are blog")

	f := supervise(t, "shop", up("api"))
	f.command = answers(control.ProgramResult{Program: "api", Done: true, EndedBy: control.EndedAlreadyStopped})
	out, err := daruma(t, ExitDone, "stop")
	has(t, err, "shop, the only service that runs here")
	has(t, out, "api: already stopped")
	daruma(t, ExitDone, "stop", "/api")
	if all := f.commands(); len(all) != 2 || all[0].Program != "" || all[1].Program != "api" {
		t.Errorf("told %+v", all)
	}
	out, _ = daruma(t, ExitDone, "status", "/api")
	has(t, out, "shop/api")

	supervise(t, "vault", up("x"))
	_, err = daruma(t, ExitUsage, "stop")
	has(t, err, "several services run here, name one of them: shop, vault")
}

func TestReload(t *testing.T) {
	home(t)
	f := supervise(t, "shop", up("api"))
	f.command = func(context.Context, control.Command) (control.Answer, error) {
		return control.Answer{
			Reload:  &control.ReloadResult{Added: []string{"mail"}, Restarted: []string{"api", "web"}, Updated: []string{"log"}, Unchanged: []string{"db"}},
			Results: []control.ProgramResult{{Program: "mail", Done: true}, {Program: "web", State: control.StateFailed, Message: "exit code 3"}},
		}, nil
	}
	out, err := daruma(t, ExitFailed, "reload", "shop")
	if out != "added: mail\nrestarted: api, web\nupdated as they run: log\nunchanged: db\n" {
		t.Errorf("%q", out)
	}
	has(t, err, "web: not reloaded; it is failed: exit code 3")
	if got := f.commands()[0]; got != (control.Command{Verb: control.VerbReload, MinReadySeconds: 1, Reason: "daruma reload by jo"}) {
		t.Errorf("told %+v", got)
	}
	daruma(t, ExitUsage, "reload", "shop/api")

	f.command = func(context.Context, control.Command) (control.Answer, error) {
		return control.Answer{Errors: []string{"daruma.yaml:3:1: a", "daruma.yaml:9:5: b"}}, nil
	}
	_, err = daruma(t, ExitUsage, "reload", "shop")
	has(t, err, "daruma.yaml:3:1: a\ndaruma.yaml:9:5: b\n", "the old one stays in force")
	out, _ = daruma(t, ExitUsage, "reload", "shop", "-o", "json")
	var a control.Answer
	if err := json.Unmarshal([]byte(out), &a); err != nil || len(a.Errors) != 2 {
		t.Errorf("%s: %v", out, err)
	}
}

func TestCompletion(t *testing.T) {
	home(t)
	supervise(t, "shop", up("api"), up("worker"))
	known(t, "shed")
	for typed, want := range map[string]string{
		"":        "shed shop",
		"sh":      "shed shop",
		"sho":     "shop shop/api shop/worker",
		"shop/":   "shop/api shop/worker",
		"shop/w":  "shop/worker",
		"shed/":   "",
		"nothing": "",
	} {
		got, _ := completeTarget(nil, nil, typed)
		if strings.Join(got, " ") != want {
			t.Errorf("%q completes to %q, want %q", typed, got, want)
		}
	}
	out, _ := daruma(t, ExitDone, "__complete", "stop", "shop/a")
	has(t, out, "shop/api\n")
}
