package operate

import (
	"context"
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

// TestSilentSupervisorHoldsNothingUp: who listens on the socket and never answers is passed over: the service manager has the order.
func TestSilentSupervisorHoldsNothingUp(t *testing.T) {
	silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	o := Order{Service: "shop", Command: control.Command{Verb: control.VerbStop}}
	told := o.tell(ctx)
	told.awaitSent(ctx)
	select {
	case <-told.sent:
	default:
		t.Error("the order wasn't sent")
	}
	told.awaitAnswer(ctx, 50*time.Millisecond)
	if told.answered() || ctx.Err() != nil {
		t.Errorf("answered %v, %v", told.answered(), ctx.Err())
	}
	told.forget()
	<-told.done
}
