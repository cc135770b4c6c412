package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// UpgradeTimeout is how long an upgrade may take: to check the file on disk, to wait for programs that are being started, to take over, and
// to find out that the new daruma doesn't get up and go back.
const UpgradeTimeout = 60 * time.Second

// statusEvery is how often the successor is asked for. Nothing tells when it begins to answer.
const statusEvery = 20 * time.Millisecond

// Upgrade has the daruma on disk take over a running service, and waits for what becomes of that. upToDate says that it runs already, in which
// version. An outcome with an Error is no error of the call.
func Upgrade(ctx context.Context, client *control.Client, reason string) (o control.UpgradeOutcome, upToDate bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, UpgradeTimeout, errors.New("no daruma has answered since the upgrade began; daruma status says more"))
	defer cancel()
	before, err := client.Status(ctx)
	if err != nil {
		return o, false, err
	}
	last := uint64(0)
	if before.Upgrade != nil {
		last = before.Upgrade.Attempt
	}
	answer, err := client.Command(ctx, control.Command{Verb: control.VerbUpgrade, Reason: reason})
	switch r := answer.Upgrade; {
	case err != nil:
		var refused *control.APIError
		if errors.As(err, &refused) || errors.Is(err, control.ErrNotRunning) || ctx.Err() != nil {
			return o, false, err
		} // else the supervisor was gone before its answer was here
	case r == nil:
		return o, false, errors.New("the supervisor's answer says nothing of an upgrade")
	case r.UpToDate:
		return control.UpgradeOutcome{From: before.Version, To: before.Version}, true, nil
	case r.Error != "":
		return control.UpgradeOutcome{From: before.Version, Error: r.Error}, false, nil
	}
	return awaitUpgrade(ctx, client, last, err)
}

// gone is how many answers in a row say that there is no keeper either before that is believed.
const gone = 10

// awaitUpgrade waits for a supervisor that knows of an attempt after last. why is why it isn't known whether there is one; nil: there is.
func awaitUpgrade(ctx context.Context, client *control.Client, last uint64, why error) (control.UpgradeOutcome, bool, error) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-ctx.Done():
			return control.UpgradeOutcome{}, false, context.Cause(ctx)
		case <-tick.C:
		}
		st, err := client.Status(ctx)
		var starting *control.StartingError
		switch {
		case errors.As(err, &starting): // the keeper is there
			missed = 0
			continue
		case errors.Is(err, control.ErrNotRunning):
			if missed++; missed == gone {
				return control.UpgradeOutcome{}, false, fmt.Errorf("it ended or was stopped during the upgrade: %w", err)
			}
			continue
		case err != nil:
			continue
		}
		missed = 0
		if st.Upgrade != nil && st.Upgrade.Attempt > last {
			return *st.Upgrade, false, nil
		}
		if why != nil {
			return control.UpgradeOutcome{}, false, why
		}
	}
}
