package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/service/manager"
)

// checkRegistration compares the registration with what install recorded: image path, start type, account and its rights, recovery and its flag,
// pre-shutdown time; on Linux the unit.
func checkRegistration(ctx context.Context, s *subject) {
	if s.record == nil {
		level, remedy := Warn, "daruma install FILE makes one"
		if !errors.Is(s.recordErr, record.ErrNone) {
			level = Fail
		}
		s.add(level, s.recordErr.Error(), remedy)
		return
	}
	changes, err := s.services.Plan(ctx, s.record.Spec)
	switch {
	case err != nil:
		s.add(Fail, "comparing it with what was installed: "+err.Error(), "")
		return
	case changes.None():
		s.ok("as it was installed")
	}
	if changes.Outdated {
		s.reportOutdated(changes)
	}
	for _, c := range drift(changes) {
		// A plan says what would have to change. What has changed since is the other way round.
		s.add(levelOf(c.Setting), "changed since it was installed: "+manager.Change{Setting: c.Setting, From: c.To, To: c.From}.String(),
			"daruma ensure "+s.name+" --repair sets it back; daruma install FILE, where it is meant")
	}
	for _, remark := range changes.Remarks {
		s.skip("%s", remark)
	}
}

// drift is what somebody changed since the installation.
func drift(planned manager.Changes) []manager.Change {
	if planned.Outdated {
		return nil
	}
	return planned.Changed
}

// reportOutdated: after an upgrade each unit differs from what the new daruma would write, and nobody has touched it.
func (s *subject) reportOutdated(changes manager.Changes) {
	var settings []string
	for _, c := range changes.Changed {
		settings = append(settings, c.String())
	}
	s.add(Warn, "another version of daruma wrote it, or one for another systemd, and it is unchanged since; this one would write "+strings.Join(settings, "; "),
		"daruma ensure "+s.name+" --repair takes that over, from the service's next start on")
}

// levelOf: without the right path or account the service doesn't start, or starts something else.
func levelOf(setting string) Level {
	serious := []string{"BINARY_PATH_NAME", "SERVICE_START_NAME", "START_TYPE", "LOG_ON_AS_A_SERVICE", "Service.ExecStart", "Service.User"}
	if slices.Contains(serious, setting) {
		return Fail
	}
	return Warn
}

// checkRecovery is about the service manager's own restarts.
func checkRecovery(_ context.Context, s *subject) {
	r := s.registered
	if len(r.Unknown) > 0 {
		s.skip("this service manager doesn't tell: %s", strings.Join(r.Unknown, ", "))
		return
	}
	again := "daruma ensure " + s.name + " --repair, or daruma install FILE"
	switch {
	case !r.Recovers:
		s.add(Fail, "the service manager doesn't start it again after a crash", again)
	case !r.OnNonCrash:
		s.add(Warn, "the service manager starts it again after a crash, and not after an end with an error", again)
	default:
		s.ok("the service manager starts it again after a crash and after an error")
	}
}

// checkEventSource is about the texts of the service's events, which Windows takes from daruma.exe.
func checkEventSource(_ context.Context, s *subject) {
	s.reportEventSource(systemlog.CheckEventSource(s.name, s.executable))
}

func (s *subject) reportEventSource(problems []string, err error) {
	switch {
	case errors.Is(err, manager.ErrUnsupported):
		return
	case err != nil:
		s.skip("the event source can't be looked at: %v", err)
	case len(problems) == 0:
		s.ok("events are shown with their texts")
	}
	for _, p := range problems {
		s.add(Warn, p, "")
	}
}

// checkFallback is about what starts the service where the service manager doesn't.
func checkFallback(ctx context.Context, s *subject) {
	if s.record == nil || s.record.Fallback == nil {
		there, err := s.services.HasTask(ctx, s.name)
		switch {
		case err != nil:
			s.skip("%v", err)
		case there:
			s.ok("there is one")
		default:
			s.skip("none is installed (fallback in the definition)")
		}
		return
	}
	changes, err := s.services.PlanTask(ctx, *s.record.Fallback)
	switch {
	case err != nil:
		s.add(Fail, err.Error(), "")
	case changes.Created:
		s.add(Fail, "the fallback task is gone: nobody starts the service where the service manager doesn't", "daruma ensure "+s.name+" --repair")
	case changes.None():
		s.ok("looks after the service every %v", s.record.Fallback.Every)
	case changes.Outdated:
		s.reportOutdated(changes)
	default:
		for _, c := range changes.Changed {
			s.add(Warn, "changed since it was installed: "+manager.Change{Setting: c.Setting, From: c.To, To: c.From}.String(),
				"daruma ensure "+s.name+" --repair")
		}
	}
}
