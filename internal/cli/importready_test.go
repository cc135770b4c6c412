package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

func TestReadiness(t *testing.T) {
	good := control.ProgramStatus{Name: "a", Wanted: true, State: control.StateRunning, Ready: true, Generation: 1}
	with := func(change func(*control.ProgramStatus)) control.ProgramStatus {
		p := good
		change(&p)
		return p
	}
	restarted := with(func(p *control.ProgramStatus) { p.Generation = 2 })
	waiting := with(func(p *control.ProgramStatus) {
		p.State, p.Ready = control.StateBackoff, false
		p.Reason = "exit code 3"
	})
	unready := with(func(p *control.ProgramStatus) {
		p.Ready = false
		p.StatusText = "loading"
		p.Probes = []control.ProbeStatus{{Kind: "readiness", Message: "refused"}}
	})
	completed := with(func(p *control.ProgramStatus) { p.State, p.Ready, p.Wanted = control.StateCompleted, false, false })
	failed := with(func(p *control.ProgramStatus) {
		p.State, p.Reason, p.LastExit = control.StateFailed, "gave up", &control.Exit{Words: "exit code 9"}
	})
	for name, c := range map[string]struct {
		seen []control.ProgramStatus // one each second
		done int                     // of them it is done, 0: never
		word string                  // of the reason
	}{
		"steady":            {[]control.ProgramStatus{good, good, good, good}, 4, ""},
		"not long enough":   {[]control.ProgramStatus{good, good, good}, 0, "not yet for 3s"},
		"restarted between": {[]control.ProgramStatus{good, good, restarted, restarted, restarted}, 0, "not yet for 3s"},
		"fell between":      {[]control.ProgramStatus{good, good, waiting, good, good}, 0, "not yet for 3s"},
		"comes late":        {[]control.ProgramStatus{waiting, waiting, restarted, restarted, restarted, restarted}, 6, ""},
		"in backoff":        {[]control.ProgramStatus{good, waiting}, 0, "program a is backoff: exit code 3"},
		"never ready":       {[]control.ProgramStatus{unready, unready, unready, unready, unready}, 0, "program a is running and not ready: , its readiness probe: refused, it says: loading"},
		"completed":         {[]control.ProgramStatus{good, completed, completed, completed, completed}, 5, ""},
	} {
		w := readiness{steady: 3 * time.Second}
		now := time.Unix(1_000_000, 0)
		for i, p := range c.seen {
			done, err := w.look(control.Status{Programs: []control.ProgramStatus{p}}, now)
			if err != nil || done != (c.done == i+1) {
				t.Errorf("%s, look %d: %v %v", name, i+1, done, err)
			}
			now = now.Add(time.Second)
		}
		if c.done == 0 && !strings.Contains(w.why, c.word) {
			t.Errorf("%s: the reason is %q", name, w.why)
		}
	}
	var w readiness
	if _, err := w.look(control.Status{Programs: []control.ProgramStatus{good, failed}}, time.Now()); err == nil ||
		err.Error() != "program a failed: gave up, its last run: exit code 9" {
		t.Errorf("failed: %v", err)
	}
}

// TestStepsAreInterrupted: between two steps, or by the step that waits; what comes after isn't done.
func TestStepsAreInterrupted(t *testing.T) {
	var out bytes.Buffer
	r := replacement{std: IO{Out: &out, Err: &out}}
	ctx, cancel := context.WithCancel(t.Context())
	after := false
	err := r.steps(ctx, []swapStep{
		{"doing", "done", func(context.Context) error { return nil }},
		{"waiting", "waited", func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }},
		{"more", "", func(context.Context) error { after = true; return nil }},
	})
	if err == nil || err.Error() != "interrupted while waiting" || after || !strings.HasPrefix(out.String(), "  done (") || strings.Contains(out.String(), "waited") {
		t.Errorf("%v %v %q", err, after, out.String())
	}
	if err := r.steps(ctx, []swapStep{{"more", "", func(context.Context) error { after = true; return nil }}}); err == nil || after {
		t.Errorf("%v %v", err, after)
	}
	broken := errors.New("broken")
	if err := r.steps(t.Context(), []swapStep{{"x", "", func(context.Context) error { return broken }}}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
