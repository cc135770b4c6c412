package takeover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// steadyFor is how long all programs must have been ready without a restart: most definitions that come from NSSM have no probe, and
// a program that can't work often takes a moment to find out. NSSM itself takes an end within 1.5 s (AppThrottle) for trouble.
const steadyFor = 3 * time.Second

// startAndAwait starts the service and returns when all of its programs are ready and stay it, or the reason why not.
func (r *replacement) startAndAwait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	client, err := control.Dial(r.name)
	if err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() { started <- r.services.Start(ctx, r.install.Spec.Name) }()
	w := readiness{steady: steadyFor, why: "daruma hasn't said anything"}
	tick := time.NewTicker(100 * time.Millisecond) // no event says "ready and steady"
	defer tick.Stop()
	for {
		select {
		case err := <-started:
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("it didn't start: %w", err)
			}
			started = nil
		case <-ctx.Done():
			return fmt.Errorf("it wasn't ready after %v: %s", r.options.Timeout, w.why)
		case <-tick.C:
			st, err := client.Status(ctx)
			if err == nil {
				if done, err := w.observe(st, time.Now()); done && started == nil || err != nil {
					return err
				}
			} else if !errors.Is(err, control.ErrNotRunning) && ctx.Err() == nil {
				w.why = err.Error()
			}
		}
	}
}

// readiness follows the programs until they are steady.
type readiness struct {
	steady time.Duration
	why    string // what is still missing
	runs   string // which run of each program is ready
	since  time.Time
}

// observe takes the status of now. An error means that they won't get ready.
func (w *readiness) observe(st control.Status, now time.Time) (done bool, err error) {
	var runs, missing, fell []string
	for _, p := range st.Programs {
		switch {
		case p.State == control.StateFailed:
			return false, fmt.Errorf("program %s failed: %s", p.Name, whyNot(p))
		case p.State == control.StateCompleted, !p.Wanted, p.State == control.StateRunning && p.Ready:
			runs = append(runs, fmt.Sprintf("%s %d %s", p.Name, p.Generation, p.State))
			if p.LastExit != nil && p.Wanted {
				fell = append(fell, fmt.Sprintf("program %s, %d restarts, its last run: %s", p.Name, p.Restarts, p.LastExit.Words))
			}
		default:
			state := string(p.State)
			if p.State == control.StateRunning {
				state += " and not ready"
			}
			missing = append(missing, fmt.Sprintf("program %s is %s: %s", p.Name, state, whyNot(p)))
		}
	}
	if len(missing) > 0 || len(runs) == 0 {
		w.why, w.runs = strings.Join(missing, "; "), ""
		return false, nil
	}
	if now := strings.Join(runs, "\n"); now != w.runs {
		w.runs, w.since = now, time.Time{}
	}
	if w.since.IsZero() {
		w.since = now
	}
	w.why = fmt.Sprintf("its programs were ready, but not yet for %v without a restart", w.steady)
	if len(fell) > 0 {
		w.why += " (" + strings.Join(fell, "; ") + ")"
	}
	return now.Sub(w.since) >= w.steady, nil
}

// whyNot is why a program isn't there, and how its last run ended.
func whyNot(p control.ProgramStatus) string {
	text := plaintext.Line(p.Reason)
	if p.LastExit != nil && !strings.Contains(text, p.LastExit.Words) {
		text += ", its last run: " + p.LastExit.Words
	}
	for _, probe := range p.Probes {
		if p.State == control.StateRunning && !probe.OK && probe.Message != "" {
			text += fmt.Sprintf(", its %s probe: %s", probe.Kind, plaintext.Line(probe.Message))
		}
	}
	if p.StatusText != "" {
		text += ", it says: " + plaintext.Line(p.StatusText)
	}
	return text
}
