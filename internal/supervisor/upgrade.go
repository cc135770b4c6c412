package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// upgrading is what this supervisor has to do with an upgrade: it passes the order on to the keeper, and ends where that begins. Its
// successor, which the keeper tells, says what became of it.
type upgrading struct {
	waiters []*waiter // who gave the order
	leaving bool
}

// orderUpgrade has the keeper begin an upgrade.
func (s *supervisor) orderUpgrade(c control.Command, w *waiter) error {
	if s.hello.Upgrades == wire.NoUpgrade {
		return &control.ConflictError{Reason: "the keeper is of an earlier daruma, which can't be upgraded while its programs run: restart the service"}
	}
	if s.engine.Phase() >= engine.Ending {
		return &control.ConflictError{Reason: "the service is shutting down"}
	}
	s.log.Info(reasonOf(c))
	if s.upgrade.waiters = append(s.upgrade.waiters, w); len(s.upgrade.waiters) == 1 {
		s.link.Send(&wire.Upgrade{})
	}
	return nil
}

// upgradeAnswered answers whoever gave the order. Where the upgrade begins, this supervisor ends.
func (s *supervisor) upgradeAnswered(m *wire.UpgradeAnswer) {
	for _, w := range s.upgrade.waiters {
		w.reply <- control.Answer{Upgrade: &control.UpgradeResult{Attempt: m.Attempt, UpToDate: m.UpToDate, Error: m.Error}}
	}
	s.upgrade.waiters = nil
	if m.Error != "" {
		s.publish(control.Event{Kind: control.EventUpgradeFailed, Reason: m.Error})
	}
	s.upgrade.leaving = m.Error == "" && !m.UpToDate
}

// leave ends this process for its successor: the keeper has everything but what is on its way to the disk. The programs' output isn't
// waited for, as at any death of a supervisor: the successor goes on at the byte where the copying ended. Nor is what is printed in a
// terminal, which a program can flood.
func (s *supervisor) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), serverCloseTimeout)
	defer cancel()
	_ = s.server.Close(ctx)
	s.incidents.Close()
	s.stopped.writer.Wait(time.Second)
	if s.lastGood != nil {
		s.lastGood.Close(time.Second)
	}
	s.cancel(errors.New("another daruma takes over"))
	s.events.Close()
	if s.ownLog != nil {
		_ = s.ownLog.Close()
	}
	s.crashOutput.Remove()
}

// publishUpgrade says what became of the upgrade after which this supervisor is the first.
func (s *supervisor) publishUpgrade() {
	u := &s.hello.LastUpgrade
	e := control.Event{Kind: control.EventUpgraded, Reason: u.From + " was replaced by " + s.runs.Version}
	switch {
	case u.Error != "":
		e.Kind, e.Reason = control.EventUpgradeFailed, u.Error
	case !u.Keeper:
		e.Reason += "; the keeper is replaced at the next start of the service"
	}
	s.publish(e)
}

// lastUpgrade is what status says of it.
func (s *supervisor) lastUpgrade() *control.UpgradeOutcome {
	u := &s.hello.LastUpgrade
	if u.Attempt == 0 {
		return nil
	}
	to := u.To
	if to == "" && u.Error == "" {
		to = s.runs.Version
	}
	return &control.UpgradeOutcome{Attempt: u.Attempt, At: time.Unix(0, u.Wall), From: u.From, To: to, Keeper: u.Keeper, Error: u.Error}
}
