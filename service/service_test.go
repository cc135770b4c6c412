package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestWrongServices: everything that is wrong is said in one go, and nothing is run.
func TestWrongServices(t *testing.T) {
	run := func(context.Context, *Host) error { t.Error("Run was called"); return nil }
	handler := func(context.Context) error { return nil }
	tests := []struct {
		service Service
		want    []string
	}{
		{Service{}, []string{"Service.Name is empty", "Service.Run is nil"}},
		{Service{Name: "a b", Run: run}, []string{`"a b"`}},
		{Service{Name: "../x", Run: run}, []string{`"../x"`}},
		{Service{Name: strings.Repeat("x", 81), Run: run}, []string{"81 characters, at most 80"}},
		{Service{Name: "x", Run: run, OnPause: handler}, []string{"OnPause and OnContinue go together"}},
		{Service{Name: "x", Run: run, StartTimeout: -1, StopTimeout: -time.Second}, []string{"StartTimeout", "StopTimeout must not be negative, is -1s"}},
	}
	for _, c := range tests {
		var stderr bytes.Buffer
		if code := mainCode(c.service, []string{roleTerminal}, &stderr); code != ExitUsage {
			t.Errorf("%+v: exit code %d, want %d", c.service.Name, code, ExitUsage)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("stderr %q, want %q in it", stderr.String(), want)
			}
		}
	}
}

func TestExitCode(t *testing.T) {
	cmd := exec.Command(os.Args[0], roleTerminal)
	cmd.Env = append(os.Environ(), programVariable+"=fail")
	child := cmd.Run()
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nil":             {nil, ExitOK},
		"plain":           {errors.New("x"), ExitFailed},
		"given":           {WithExitCode(errors.New("x"), 255), 255},
		"wrapped":         {fmt.Errorf("a: %w", WithExitCode(errors.New("x"), 7)), 7},
		"out of range":    {WithExitCode(errors.New("x"), 256), ExitFailed},
		"zero is no code": {WithExitCode(errors.New("x"), 0), ExitFailed},
		"negative":        {WithExitCode(errors.New("x"), -1), ExitFailed},
		"a child's":       {child, 17},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if WithExitCode(nil, 3) != nil {
		t.Error("a code made a failure of nil")
	}
}

func TestOnlyStop(t *testing.T) {
	broken := errors.New("x")
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, true}, {context.Canceled, true}, {ReasonTerminate, true}, {fmt.Errorf("serving: %w", context.Canceled), true},
		{errors.Join(context.Canceled, ReasonShutdown), true},
		{errors.Join(context.Canceled, broken), false}, {fmt.Errorf("%w, %w", broken, context.Canceled), false},
		{broken, false}, {context.DeadlineExceeded, false}, {WithExitCode(context.Canceled, 3), false},
	} {
		if got := onlyStop(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

// TestWords: every constant has words of its own.
func TestWords(t *testing.T) {
	seen := map[string]bool{}
	once := func(text string) {
		if seen[text] || strings.ContainsAny(text, "0123456789") {
			t.Errorf("%q isn't the words of one constant", text)
		}
		seen[text] = true
	}
	for r := ReasonStop; r <= ReasonPanic; r++ {
		once(r.Error())
	}
	for _, c := range []int{ExitOK, ExitFailed, ExitUsage, ExitNotRunning, ExitPanicked, ExitStartTimeout, ExitStopTimeout, ExitWatchdog, ExitManager, ExitInterrupted} {
		once(exitText(c))
	}
	for e := EnvTerminal; e <= EnvContainer; e++ {
		once(e.String())
	}
	for _, unknown := range []fmt.Stringer{Reason(0), Reason(200)} {
		if text := unknown.String(); text == "" || seen[text] {
			t.Errorf("an unknown value is %q", text)
		}
	}
}
