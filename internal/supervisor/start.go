package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/sockets"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
	"github.com/daruma-sh/daruma/internal/supervisor/terminal"
)

// prepare makes everything ready in an order that has reasons: the definition first, for without it there is nothing to
// do; logs before programs are taken over, for their output waits; the control socket last, when there is an answer
// to every question.
func prepare(cfg Config, link *wire.Link, l *legacy) (*supervisor, int, error) {
	place, err := folders.Of(cfg.Service)
	if err != nil {
		return nil, int(exitcode.NoFiles), err
	}
	s := &supervisor{
		cfg: cfg, place: place, link: link, hello: l.hello, mailbox: mailbox.New(),
		runtimes: map[string]*programRuntime{}, warnings: map[string]string{},
		scheduler: probe.NewScheduler(), since: time.Now(), log: slog.New(slog.DiscardHandler),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.sockets = sockets.New(link.Send)
	s.tasks = tasks.New(tasks.Config{Context: s.ctx, Send: link.Send, Mailbox: s.mailbox, Plan: s.plan})
	s.stacks = saveStacks(wire.StacksFile(place.Run, os.Getpid()))
	snap, m := l.snapshot()
	s.hub = control.NewHub(l.hello.Sessions << 32) // no number is ever given twice
	s.events = events.New(s.hub, s.openSystemLog())
	if s.def, err = firstDefinition(cfg, l); err != nil {
		s.events.Refused(err)
		s.events.Close()
		return nil, int(whyRefused(cfg.File)), err
	}
	s.meta = m
	if m.StartedAt.IsZero() {
		s.meta = meta{StartedAt: time.Now(), Started: monotonic.Now()}
	}
	s.meta.File, s.meta.Dir = s.def.File, s.def.Dir
	if err := s.openFiles(); err != nil {
		return nil, int(exitcode.NoFiles), err
	}
	if s.server, err = control.Listen(place.Socket(), backend{s}, s.hub); err != nil {
		return nil, int(exitcode.NoFiles), fmt.Errorf("control socket: %w", err)
	}
	if cfg.Terminal {
		s.terminal = terminal.New(s.ctx, s.place.Logs, s.programNamesOf(s.def), s.hub)
	}
	s.begin(l, snap)
	go s.receive()
	return s, 0, nil
}

func (s *supervisor) openFiles() error {
	own, err := logs.NewFile(filepath.Join(s.place.Logs, "daruma.log"), logs.Settings{MaxSize: 4 << 20, MaxFiles: 3})
	if err != nil {
		s.warn("own log", "daruma's own log can't be written: "+err.Error())
	} else {
		s.ownLog = asyncwriter.New(own)
		s.log = slog.New(slog.NewJSONHandler(s.ownLog, nil))
		s.events.Log = s.log
	}
	if why := s.hello.NoCgroup; why != "" {
		s.log.Info("there is no cgroup to hold the programs' processes: sessions and environments tell what belongs to a program", "reason", why)
	}
	s.store, err = logs.Open(logs.Options{
		Service: s.def.Name, Dir: s.place.Logs, SpoolDir: filepath.Join(s.place.Run, "spool"), OnEvent: s.logEvent,
	})
	if err != nil {
		return err
	}
	recorder, found, err := incident.Open(s.place.Incidents(), incident.Options{
		Service: s.def.Name, Start: incidentStart(s.hello), Reason: s.hello.Why, Absent: s.hello.Gone,
	})
	if err != nil { // the recorder is nil then, and does nothing: programs are held up all the same
		s.warn("incidents", "what falls isn't recorded: "+err.Error())
	}
	s.found = found
	if found.Broken > 0 {
		s.log.Warn("the incident record has lines that can't be read", "lines", found.Broken)
	}
	s.incidents = incidentwriter.New(recorder)
	s.ensured()
	for _, name := range found.Wanted {
		if s.def.Program(name) == nil { // it left the definition while nobody looked
			s.incidents.Write(func(r *incident.Recorder, _ time.Duration) {
				r.Ended(name, incident.Superseded, "no longer in the definition")
			})
		}
	}
	return nil
}

// begin starts everything, or takes over what is there.
func (s *supervisor) begin(l *legacy, snap engine.Snapshot) {
	seed := uint64(time.Now().UnixNano())
	if l.hello.Sessions == 0 {
		s.engine = engine.New(s.def, seed)
		s.stillOpen()
		s.keepDefinition(s.def)
		s.keepMeta()
		s.publishStart()
		s.step(engine.Request{Verb: engine.Start, Reason: "start of the service"})
		return
	}
	s.engine = engine.Restore(s.def, seed, snap)
	s.stillOpen()
	s.takeOver(l)
}
