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
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/internal/supervisor/process"
	"github.com/daruma-sh/daruma/internal/supervisor/sockets"
	"github.com/daruma-sh/daruma/internal/supervisor/startfailure"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
	"github.com/daruma-sh/daruma/internal/supervisor/terminal"
	"github.com/daruma-sh/daruma/internal/version"
)

// start makes everything ready and starts the programs, or takes them over. The order has reasons: the definition first, for
// without it there is nothing to do; logs before programs are taken over, for their output waits; the control socket when
// there is an answer to every question, and before programs are started, for it fails where another daruma runs the service.
//
// With an error comes the exit code of the service.
func start(cfg Config, link *wire.Link, inherited *inheritance) (_ *supervisor, _ exitcode.Code, err error) {
	place, err := folders.Of(cfg.Service)
	if err != nil {
		return nil, exitcode.NoFiles, err
	}
	s := newSupervisor(cfg, place, link, inherited.hello)
	defer func() {
		if err != nil && !inherited.inUse() {
			s.recordRefusedStart(err)
		}
	}()
	if err := s.takeDefinition(inherited); err != nil {
		s.events.CannotStart(err)
		s.events.Close()
		return nil, whyRefused(cfg.File), err
	}
	snapshot := s.takeSnapshot(inherited)
	s.openOwnLog()
	if err := s.openProgramLogs(); err != nil {
		return nil, exitcode.NoFiles, err
	}
	s.openIncidents()
	if err := s.openControlSocket(); err != nil {
		return nil, exitcode.NoFiles, err
	}
	if cfg.Terminal {
		s.terminal = terminal.New(s.ctx, place.Logs, programNames(s.def), s.hub)
	}
	s.countOpenFiles()
	s.loadStopped()
	if inherited.hello.Sessions == 0 {
		s.startPrograms()
	} else {
		s.takeOverPrograms(inherited, snapshot)
	}
	s.storeLastGood()
	s.letReadersIn()
	go s.receive()
	return s, exitcode.Done, nil
}

// newSupervisor makes a supervisor that has no file open but that of a crash, and knows no definition.
func newSupervisor(cfg Config, place folders.Folders, link *wire.Link, hello *wire.Hello) *supervisor {
	s := &supervisor{
		cfg: cfg, place: place, link: link, hello: hello, mailbox: mailbox.New(),
		runs: version.Running(), runtimes: map[string]*programRuntime{}, warnings: map[string]string{},
		bounds: launchplan.BoundsOf(os.Getppid()), scheduler: probe.NewScheduler(), since: time.Now(), log: slog.New(slog.DiscardHandler),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.drainContext, s.giveUpDraining = context.WithCancel(context.Background())
	s.crashOutput = process.OpenCrashOutput(wire.StacksFile(place.Run, os.Getpid()))
	s.sockets = sockets.New(link.Send)
	s.tasks = tasks.New(tasks.Config{Context: s.ctx, Send: link.Send, Mailbox: s.mailbox, Plan: s.plan, Explain: startfailure.Explain})
	s.hub = control.NewHub(hello.Sessions << 32) // events are numbered: no number is ever given twice
	s.events = events.New(s.hub, s.openSystemLog())
	return s
}

// takeSnapshot gives the programs' states that the predecessor left, and takes the state of the service from it.
func (s *supervisor) takeSnapshot(inherited *inheritance) engine.Snapshot {
	snapshot, state := inherited.snapshot()
	if state.StartedAt.IsZero() {
		state = serviceState{StartedAt: time.Now(), Started: monotonic.Now()}
	}
	state.File, state.Dir = s.def.File, s.def.Dir
	s.state = state
	return snapshot
}

// openOwnLog opens daruma.log. Without it programs run all the same.
func (s *supervisor) openOwnLog() {
	file, err := logfile.NewWriter(filepath.Join(s.place.Logs, "daruma.log"), logfile.Settings{MaxSize: 4 << 20, MaxFiles: 3})
	if err != nil {
		s.warn("own log", "daruma's own log can't be written: "+err.Error())
	} else {
		s.ownLog = asyncwriter.New(file)
		s.log = slog.New(slog.NewJSONHandler(s.ownLog, nil))
		s.events.Log = s.log
	}
	if s.cfg.unconfined != "" {
		s.log.Warn("this supervisor keeps rights that it doesn't need", "missing", s.cfg.unconfined)
	}
	if why := s.hello.NoCgroup; why != "" {
		s.log.Info("there is no cgroup to hold the programs' processes: sessions and environments tell what belongs to a program", "reason", why)
	}
}

// openProgramLogs opens the folder of the programs' logs.
func (s *supervisor) openProgramLogs() (err error) {
	s.store, err = logs.Open(logs.Options{
		Service: s.def.Name, Dir: s.place.Logs, SpoolDir: filepath.Join(s.place.Run, "spool"), OnEvent: s.logEvent,
	})
	return err
}

// openControlSocket begins to answer commands; they wait in the mailbox until the loop runs.
func (s *supervisor) openControlSocket() (err error) {
	if s.server, err = control.Listen(s.place.Socket(), backend{s}, s.hub); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// startPrograms starts the service anew.
func (s *supervisor) startPrograms() {
	s.engine = engine.New(s.def, jitterSeed())
	s.resumeIncidents()
	s.saveDefinition(s.def)
	s.saveServiceState()
	s.publishStart()
	s.publishRefusal()
	s.startWanted()
}

// takeOverPrograms goes on where a predecessor ended.
func (s *supervisor) takeOverPrograms(inherited *inheritance, snapshot engine.Snapshot) {
	s.engine = engine.Restore(s.def, jitterSeed(), snapshot)
	s.resumeIncidents()
	s.takeOver(inherited)
}

// storeLastGood stores the definition in force for a start at which the file is refused. A service that nobody hosts has no use for it.
func (s *supervisor) storeLastGood() {
	if !s.hello.Hosted || s.refusal != nil {
		return
	}
	if s.lastGood == nil {
		s.lastGood = lastgood.NewStore(s.place.State, s.def.Name, s.lastGoodStored)
	}
	s.lastGood.Save(s.def)
}

// lastGoodStored warns of a definition that couldn't be stored. It is called in another goroutine.
func (s *supervisor) lastGoodStored(err error) {
	s.mailbox.Post(func() {
		text := ""
		if err != nil {
			text = "the definition couldn't be stored for a start at which the file is refused: " + err.Error()
		}
		s.warn("last good definition", text)
	})
}

// jitterSeed makes the restarts of many machines differ.
func jitterSeed() uint64 { return uint64(time.Now().UnixNano()) }
