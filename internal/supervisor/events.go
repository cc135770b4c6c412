package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/systemlog"
)

// publish tells the world what happened: those who follow the events, daruma's own log, and the operating system's.
func (s *supervisor) publish(e control.Event) {
	s.note(e)
	if s.system.Wants(string(e.Kind)) {
		def := s.def // the one in force now; it never changes, so the writer may look into it
		s.system.Tell(systemlog.Event{Kind: string(e.Kind), Program: e.Program, Reason: e.Reason, Clean: func(reason string) string {
			return systemlog.Plain(reason, secrets(def, e.Program))
		}})
	}
}

// publishPlain is publish where the operating system's log, which more people read, gets a reason of its own.
func (s *supervisor) publishPlain(e control.Event, reason string) {
	s.note(e)
	s.system.Tell(systemlog.Event{Kind: string(e.Kind), Program: e.Program, Reason: systemlog.Plain(reason, nil)})
}

// note is publish without the operating system's log.
func (s *supervisor) note(e control.Event) {
	e.EventID = systemlog.Find(string(e.Kind)).ID
	s.hub.Publish(e)
	s.log.Info(string(e.Kind), "program", e.Program, "generation", e.Generation, "reason", e.Reason)
}

// openSystemLog: only a service manager's service has business in the system's log.
func (s *supervisor) openSystemLog() {
	if s.hello.Hosted {
		s.system = systemlog.Open(s.cfg.Service, func(err error) {
			s.mailbox.Post(func() { s.log.Warn("the system's log", "error", err) })
		})
	}
}

// lastEvents is how long the last events may take to reach the system's log.
const lastEvents = 2 * time.Second

func (s *supervisor) closeSystemLog() {
	ctx, cancel := context.WithTimeout(context.Background(), lastEvents)
	defer cancel()
	if err := s.system.Close(ctx); err != nil {
		s.log.Warn("the system's log", "error", err)
	}
}

// refused tells why the service can't begin. Nobody can follow its events yet.
func (s *supervisor) refused(err error) {
	reason := err.Error()
	var wrong definition.Errors
	if errors.As(err, &wrong) {
		reason = places(wrong)
	}
	s.system.Tell(systemlog.Event{Kind: systemlog.DefinitionRefused, Reason: systemlog.Plain(reason, nil)})
	s.closeSystemLog()
}

// places says where a definition is wrong, and not what stands there: it may be a password.
func places(wrong definition.Errors) string {
	if len(wrong) == 0 {
		return "it is wrong"
	}
	noun := "errors, the first at"
	if len(wrong) == 1 {
		noun = "error, at"
	}
	first := wrong[0]
	return fmt.Sprintf("%d %s %s:%d:%d (%s); daruma check says more", len(wrong), noun, first.File, first.Pos.Line, first.Pos.Column, cmp.Or(first.Path, "the file as a whole"))
}

// publishStart tells that the service begins, and what had ended it if that wasn't asked for.
func (s *supervisor) publishStart() {
	programs := fmt.Sprintf("%d programs", len(s.def.Programs))
	if len(s.def.Programs) == 1 {
		programs = "1 program"
	}
	e := control.Event{Kind: control.EventServiceStarted, Reason: programs + ", daruma " + Version()}
	switch {
	case s.found.Down == incident.Machine:
		e.Kind, e.Reason = control.EventRecoveredAfterBoot, "the machine went down while it ran; "+e.Reason
	case s.found.Booted:
		e.Kind, e.Reason = control.EventRecoveredAfterBoot, "it had been stopped in order; "+e.Reason
	case s.found.Down == incident.Keeper:
		e.Kind, e.Reason = control.EventKeeperFailed, "it and the programs it held are started again; "+e.Reason
	}
	s.publish(e)
}

// publishEnd tells that the service has ended as it should; a failure was told when it was decided.
func (s *supervisor) publishEnd() {
	if s.ending == nil || s.ending.failed {
		return
	}
	s.publish(control.Event{Kind: control.EventServiceStopped, Reason: cmp.Or(s.meta.StopWhy, s.ending.reason)})
}

// replacedPause is how long the system's log isn't told again that the supervisor was replaced. The count is kept with the keeper,
// because supervisors that fall one after the other are each another process.
const replacedPause = 10 * time.Minute

func (s *supervisor) publishReplaced(why string) {
	e := control.Event{Kind: control.EventSupervisorReplaced, Reason: "a new supervisor is in charge; of the last one: " + why}
	now, m := monotonic.Now(), &s.meta
	if m.ReplacedAt > 0 && now-m.ReplacedAt < replacedPause {
		m.ReplacedMore++
		s.note(e)
		s.keepMeta()
		return
	}
	reason := e.Reason
	if m.ReplacedMore > 0 {
		reason += fmt.Sprintf(" (and %d more since the last event of this kind)", m.ReplacedMore)
	}
	m.ReplacedAt, m.ReplacedMore = now, 0
	s.keepMeta()
	s.flush() // first: if we fall at once, the next one knows that it was told
	s.publishPlain(e, reason)
}

// secrets are the texts that never appear in the system's log: arguments of commands, values of environments and of headers. Of the
// program, or of all programs for "".
func secrets(def *definition.Service, program string) []string {
	var list []string
	for i := range def.Programs {
		if p := &def.Programs[i]; program == "" || p.Name == program {
			list = append(list, secretsOf(p)...)
		}
	}
	return list
}

func secretsOf(p *definition.Program) []string {
	list := arguments(p.Command)
	for _, v := range p.Env {
		list = append(list, v.Value)
	}
	handlers := []*definition.Handler{p.PostStart, p.PreStop, p.OnResume}
	for i := range p.OnControl {
		handlers = append(handlers, &p.OnControl[i].Handler)
	}
	for _, probe := range []*definition.Probe{p.StartupProbe, p.LivenessProbe, p.ReadinessProbe} {
		if probe != nil {
			handlers = append(handlers, &probe.Handler)
		}
	}
	for _, h := range handlers {
		if h != nil && h.Exec != nil {
			list = append(list, arguments(h.Exec.Command)...)
		}
		if h != nil && h.HTTPGet != nil {
			for _, header := range h.HTTPGet.Headers {
				list = append(list, header.Value)
			}
		}
	}
	return list
}

// arguments are those of a command that may be secret: an ordinary word (serve, worker) isn't, and would only spoil reasons.
func arguments(command []string) []string {
	var list []string
	for _, argument := range command[min(1, len(command)):] {
		if !systemlog.Word(argument) {
			list = append(list, argument)
		}
	}
	return list
}
