package realtest

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// orderAndLeave gives an order to the whole service and hangs up as soon as the stop has begun.
func (s *service) orderAndLeave(verb control.Verb) {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := s.client.Command(ctx, control.Command{Verb: verb, WholeService: true, Reason: "a test"})
		gone <- err
	}()
	s.await("the stop", func(e control.Event) bool { return e.Kind == control.EventStopping && e.Program == "" })
	leave()
	if err := <-gone; err == nil {
		s.t.Error("the answer came before the programs were down")
	}
}

// TestOrderSurvivesItsClient: who ordered a stop or a restart of an installed service may be gone a moment later. The service ends, and
// so that the service manager starts it again after a restart; a killed supervisor changes nothing.
func TestOrderSurvivesItsClient(t *testing.T) {
	definition := fmt.Sprintf("name: real\nprograms:\n  a: {command: [%q, grace, -after, 500ms]}\n", testbin.Path(t))
	begin := func(t *testing.T) *service {
		dir := folder(t)
		m := newManager(t, dir)
		s := host(t, m, dir, definition)
		s.awaitLogged("a", "ready")
		return s
	}
	t.Run("restart", func(t *testing.T) {
		s := begin(t)
		s.orderAndLeave(control.VerbRestart)
		s.wantCode(exitcode.Restarting)
	})
	t.Run("stop", func(t *testing.T) {
		s := begin(t)
		s.orderAndLeave(control.VerbStop)
		s.wantCode(exitcode.Done)
	})
	t.Run("the supervisor dies", func(t *testing.T) {
		s := begin(t)
		status, _ := s.status("a")
		s.orderAndLeave(control.VerbRestart)
		if err := unix.Kill(status.SupervisorPID, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.wantCode(exitcode.Restarting)
	})
	t.Run("the service manager stops it", func(t *testing.T) {
		s := begin(t)
		s.orderAndLeave(control.VerbRestart)
		if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		s.wantCode(exitcode.Done)
	})
	t.Run("a stop after it", func(t *testing.T) {
		s := begin(t)
		s.orderAndLeave(control.VerbRestart)
		answer, err := s.client.Command(t.Context(), control.Command{Verb: control.VerbStop, WholeService: true})
		if err != nil || len(answer.Results) != 1 || !answer.Results[0].Done || answer.Results[0].EndedBy != control.EndedSignal {
			t.Errorf("%+v, %v", answer, err)
		}
		s.wantCode(exitcode.Done)
	})
}
