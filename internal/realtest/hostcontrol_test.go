package realtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// sendCode sends a control code and waits for the answer.
func (s *service) sendCode(program string, code int) (control.Answer, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return s.client.Command(ctx, control.Command{Verb: control.VerbControl, Program: program, Code: code, Reason: "a test"})
}

// TestControlCodes: each code runs the hooks that programs have for it, in the program's environment, and says how they ended.
func TestControlCodes(t *testing.T) {
	dir := folder(t)
	mark := filepath.Join(dir, "mark")
	program := testbin.Path(t)
	s := run(t, dir, fmt.Sprintf(`name: real
programs:
  a:
    command: ['%[1]s', hang]
    env: {MARK: '%[2]s'}
    lifecycle:
      onControl:
        130: {exec: {command: ['%[1]s', touch, '%[2]s', -exit, "0"]}}
        131: {exec: {command: ['%[1]s', exit, -code, "3", -say, no luck]}}
        132: {exec: {command: ['%[1]s', hang]}}
  b:
    command: ['%[1]s', hang]
    lifecycle: {onControl: {130: {exec: {command: ['%[1]s', touch, '%[2]s', -exit, "0"]}}}}
`, program, mark))
	s.awaitReady("a", 0)
	s.awaitReady("b", 0)
	answer, err := s.sendCode("", 130)
	if err != nil || len(answer.Results) != 2 || !answer.Results[0].Done || !answer.Results[1].Done {
		t.Fatalf("130 for all: %+v, %v", answer, err)
	}
	if text, err := os.ReadFile(mark); err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the hooks left %q, %v; want two lines", text, err)
	}
	e := s.await("the code", func(e control.Event) bool { return e.Kind == control.EventControlReceived })
	if e.Reason != "130 by a test" {
		t.Errorf("the event says %q", e.Reason)
	}
	s.await("a's hook", func(e control.Event) bool { return e.Kind == control.EventHookDone && e.Reason == "onControl 130" })

	answer, err = s.sendCode("a", 131)
	if err != nil || len(answer.Results) != 1 || answer.Results[0].Done || !strings.Contains(answer.Results[0].Message, "exit code 3") {
		t.Errorf("a hook that fails: %+v, %v", answer, err)
	}
	s.await("the failure", func(e control.Event) bool { return e.Kind == control.EventHookFailed && e.Program == "a" })

	var conflict *control.APIError
	if _, err = s.sendCode("b", 131); !errors.As(err, &conflict) || !strings.Contains(err.Error(), "no program has lifecycle.onControl.131; there are 130 (b)") {
		t.Errorf("a code without a hook: %v", err)
	}

	// A hook ends with its program's run, and the next one finds it free.
	hung := make(chan control.Answer, 1)
	go func() {
		answer, _ := s.sendCode("a", 132)
		hung <- answer
	}()
	s.await("132", func(e control.Event) bool {
		return e.Kind == control.EventControlReceived && strings.HasPrefix(e.Reason, "132 ")
	})
	answer, err = s.sendCode("a", 132)
	if err != nil || answer.Results[0].Done || answer.Results[0].Message != "the same hook is still running" {
		t.Errorf("the same hook a second time: %+v, %v", answer, err)
	}
	if _, err := s.client.Command(t.Context(), control.Command{Verb: control.VerbStop, Program: "a"}); err != nil {
		t.Fatal(err)
	}
	if answer := <-hung; len(answer.Results) != 1 || answer.Results[0].Done {
		t.Errorf("a hook whose program was stopped: %+v", answer)
	}
	answer, err = s.sendCode("a", 130)
	if err != nil || answer.Results[0].Done || answer.Results[0].Message != "it isn't running" {
		t.Errorf("a hook of a program that is stopped: %+v, %v", answer, err)
	}
}
