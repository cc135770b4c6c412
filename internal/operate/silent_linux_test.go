package operate

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
)

// silent listens as the supervisor of the service shop, and says nothing.
func silent(t *testing.T) {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	f, err := folders.Of("shop")
	if err == nil {
		err = os.MkdirAll(f.Run, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", f.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
}

func quiet(string) func() { return func() {} }

// TestSilentSupervisorHoldsNoStopUp: who listens on the socket and never answers is passed over: the service manager is next.
func TestSilentSupervisorHoldsNoStopUp(t *testing.T) {
	silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var r Result
	o := Order{Service: "shop", Command: control.Command{Verb: control.VerbStop}, Progress: quiet}
	if err := o.stopPrograms(ctx, &r, 100*time.Millisecond); err != nil || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

// TestTimeoutOfAnOrder: the order's own end is still an error.
func TestTimeoutOfAnOrder(t *testing.T) {
	silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var r Result
	var supervisor *SupervisorError
	o := Order{Service: "shop", Command: control.Command{Verb: control.VerbStop}, Progress: quiet}
	if err := o.stopPrograms(ctx, &r, time.Minute); !errors.As(err, &supervisor) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
