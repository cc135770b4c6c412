package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/daruma-sh/daruma/internal/release/deploy"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// settleDeploy ends a deploy that was cut off, as the next deploy would: it is what ensure does for one that a power cut ended. said is what
// was done. One that is under way is left alone, and so is a service without releases: reading that takes well below a millisecond.
func settleDeploy(ctx context.Context, service string) (said []string, err error) {
	root, err := releaseRoot(service)
	if err != nil {
		return nil, nil // a stranger's folder says nothing that root obeys
	}
	if state, err := store.Look(root); err != nil || state.Deploy == nil {
		return nil, err
	}
	settings := deploy.Settings{Who: "daruma ensure"}
	settings.MinReady, _ = seconds("", 5, 0, 3600)
	settings.ProgressDeadline, _ = seconds("", 600, 0, 3600)
	d, err := openDeployer(IO{Out: io.Discard, Err: io.Discard}, service, settings)
	if busy := (*store.BusyError)(nil); errors.As(err, &busy) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Store.Close()
	d.Say = func(format string, arg ...any) { said = append(said, fmt.Sprintf(format, arg...)) }
	if err := d.Settle(ctx); isFallen(err) {
		return append(said, err.Error()), nil
	} else if err != nil {
		return said, err
	}
	return said, nil
}
