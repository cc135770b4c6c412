package takeover

import (
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
			done, err := w.observe(control.Status{Programs: []control.ProgramStatus{p}}, now)
			if err != nil || done != (c.done == i+1) {
				t.Errorf("%s, status %d: %v %v", name, i+1, done, err)
			}
			now = now.Add(time.Second)
		}
		if c.done == 0 && !strings.Contains(w.why, c.word) {
			t.Errorf("%s: the reason is %q", name, w.why)
		}
	}
	var w readiness
	if _, err := w.observe(control.Status{Programs: []control.ProgramStatus{good, failed}}, time.Now()); err == nil ||
		err.Error() != "program a failed: gave up, its last run: exit code 9" {
		t.Errorf("failed: %v", err)
	}
}
