package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/doctor"
	"github.com/daruma-sh/daruma/internal/ensure"
	"github.com/daruma-sh/daruma/service/manager"
)

// TestEnsureShapes: what the fallback writes is answered before cobra; what isn't understood is left to it.
func TestEnsureShapes(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for line, quick := range map[string]bool{
		"ensure no-such-service":                           true,
		"ensure no-such-service --patience 0s":             true,
		"ensure no-such-service --enable --repair -o json": true,
		"ensure":                                 false,
		"ensure a b":                             false,
		"ensure no-such-service --patience soon": false,
		"ensure no-such-service -o yaml":         false,
		"ensure --help":                          false,
		"ensure no-such-service --nonsense":      false,
		"ensure no-such-service --patience=1s":   false, // cobra takes it
		"status":                                 false,
	} {
		var out, errOut bytes.Buffer
		code, ok := ensureRole(strings.Fields(line), IO{Out: &out, Err: &errOut})
		if ok != quick {
			t.Errorf("%s: answered at once: %v, want %v", line, ok, quick)
		}
		if ok && code != ExitFailed {
			t.Errorf("%s: exit code %d, want %d: %s%s", line, code, ExitFailed, &out, &errOut)
		}
	}
}

func TestEnsureUsage(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for line, want := range map[string]int{
		"ensure": ExitUsage, "ensure a b": ExitUsage, "ensure x --nonsense": ExitUsage, "ensure x -o yaml": ExitUsage,
		"ensure x --patience soon": ExitUsage, "ensure --help": ExitDone, "ensure no-such-service": ExitFailed, "doctor a b": ExitUsage,
	} {
		var out, errOut bytes.Buffer
		if code := Main(strings.Fields(line), IO{Out: &out, Err: &errOut}); code != want {
			t.Errorf("daruma %s: exit code %d, want %d\n%s%s", line, code, want, &out, &errOut)
		}
	}
}

func TestEnsureAnswers(t *testing.T) {
	for _, c := range []struct {
		result ensure.Result
		code   int
		line   string
	}{
		{ensure.Result{Service: "shop", Action: ensure.Fine, Reason: "runs", Running: true}, ExitDone, "shop runs"},
		{ensure.Result{Service: "shop", Action: ensure.Leave, Reason: "is paused"}, ExitDone, "shop is paused"},
		{ensure.Result{Service: "shop", Action: ensure.Start, Reason: "is down: died", Acted: true, Running: true, Took: 1.25}, ExitDone,
			"shop is down: died; started, it runs after 1.2 s"},
		{ensure.Result{Service: "shop", Action: ensure.Enable, Reason: "was changed"}, ExitNotRunning, "shop was changed; to set it back: daruma ensure shop --enable"},
		{ensure.Result{Service: "shop", Action: ensure.Await, Reason: "is stopping", Waited: 75}, ExitNotRunning, "shop is stopping (waited 75.0 s for it)"},
	} {
		if code, line := ensureCode(c.result, nil), ensureLine(c.result); code != c.code || line != c.line {
			t.Errorf("%d %q, want %d %q", code, line, c.code, c.line)
		}
	}
	if code := ensureCode(ensure.Result{}, &manager.Error{Kind: manager.ErrInvalid}); code != ExitUsage {
		t.Errorf("a name that no service can have: exit code %d", code)
	}
}

func TestDoctorText(t *testing.T) {
	list := []examined{{"shop", []doctor.Finding{
		{Check: "service", Level: doctor.OK, Text: "it is running"},
		{Check: "access", Level: doctor.Fail, Text: "unsafe\nvery", Remedy: "chmod"},
		{Check: "unit", Level: doctor.Warn, Text: "drop-ins"},
		{Check: "recovery", Level: doctor.Skip, Text: "unknown"},
	}}}
	const some = "shop: 1 ok, 1 to look at, 1 failed\n" +
		"  fail access        unsafe\n                     very\n                     → chmod\n" +
		"  warn unit          drop-ins\n"
	if got := doctorText(list, false); got != some {
		t.Errorf("got\n%s\nwant\n%s", got, some)
	}
	if got := doctorText(list, true); !strings.Contains(got, "  ok   service       it is running\n") || !strings.Contains(got, "skip recovery") {
		t.Errorf("all:\n%s", got)
	}
	itself := examined{Findings: []doctor.Finding{{Check: "file", Level: doctor.OK, Text: "/usr/bin/daruma is daruma v1.2.3"}}}
	const own = "daruma itself: 1 ok, 0 to look at, 0 failed\n  ok   file          /usr/bin/daruma is daruma v1.2.3\n"
	if got := doctorText([]examined{itself, list[0]}, false); got != own+some {
		t.Errorf("got\n%s\nwant\n%s", got, own+some)
	}
	if got := doctorText([]examined{itself}, false); got != own+"no service is installed here\n" {
		t.Errorf("got\n%s", got)
	}
	if !doctor.Failed(list[0].Findings) || doctor.Failed(list[0].Findings[2:]) {
		t.Error("what has failed isn't told")
	}
}
