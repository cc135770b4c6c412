package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/notice/notifier"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// notices is the part that tells people what happens; with nil, observe.yaml doesn't want it.
type notices struct {
	notifier *notifier.Notifier
	errs     io.Writer
}

// openNotices begins nothing yet.
func openNotices(errs io.Writer, c config.Config) (*notices, error) {
	if c.Notices == nil {
		return &notices{}, nil
	}
	n, err := notifier.Open(notifier.Options{Config: *c.Notices, State: filepath.Join(c.Folder, "notices"), Say: func(line string) {
		fmt.Fprintln(errs, "daruma observe:", line)
	}})
	return &notices{n, errs}, err
}

func (n *notices) run(ctx context.Context) {
	if n.notifier != nil {
		n.notifier.Run(ctx)
	}
}

func (n *notices) withAlerts(next http.Handler) http.Handler {
	if n.notifier == nil {
		return next
	}
	return n.notifier.WithAlerts(next)
}

func (n *notices) close() {
	if n.notifier == nil {
		return
	}
	if err := n.notifier.Close(); err != nil {
		fmt.Fprintln(n.errs, "daruma observe:", err)
	}
}

// testNotices sends a test message to each channel. It needs no service and touches nothing that waits.
func testNotices(ctx context.Context, out io.Writer, c config.Config) error {
	if c.Notices == nil {
		return errors.New("--test-notices: there are no notices to test: name observe.yaml, and have notices in it")
	}
	results, err := notifier.TestMessages(ctx, *c.Notices)
	if err != nil {
		return &failure{err}
	}
	failed := 0
	for _, r := range results {
		if r.Err == nil {
			fmt.Fprintf(out, "%s: sent; is it there?\n", r.Channel)
			continue
		}
		failed++
		fmt.Fprintf(out, "%s: failed: %s\n", r.Channel, plaintext.Line(r.Err.Error()))
	}
	if failed > 0 {
		return &failure{fmt.Errorf("%d of %d channels didn't take the test message", failed, len(results))}
	}
	return nil
}
