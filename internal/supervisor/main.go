package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/reserve"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/internal/supervisor/sockets"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
	"github.com/daruma-sh/daruma/internal/supervisor/terminal"
)

// Role is the first argument of a supervisor process.
const Role = "supervisor"

// Config is what a supervisor is started with.
type Config struct {
	Service  string
	File     string // of the definition, absolute
	Terminal bool   // print events and output: daruma run without --quiet
}

// Main is a supervisor's life, as a child of the keeper. It gives the exit code of the process.
func Main(cfg Config) int {
	// Whoever reads what we print may go (| head), and the terminal may be another's at the moment (stty tostop).
	ignoreOutputSignals()
	reserve.Threads(8)
	settle := time.AfterFunc(settleAfter, saveMemory)
	defer settle.Stop()
	link, err := wire.Connect()
	if err != nil {
		return complain(err)
	}
	inheritance, err := greeting(link)
	if err != nil {
		return complain(err)
	}
	s, code, err := prepare(cfg, link, inheritance)
	if err != nil {
		// What runs isn't ended because we can't begin (a full disk, no descriptor free): the keeper tries again.
		if !inheritance.inUse() {
			link.Send(&wire.Finish{Code: code})
			_ = link.Flush()
		}
		return complain(err) // last: stderr may be held
	}
	code, buried := s.run()
	if !buried {
		s.publishEnd()
	}
	s.close(buried)
	if !buried { // should the keeper live all the same, it is to go on
		link.Send(&wire.Finish{Code: code})
		_ = link.Flush()
	}
	s.stacks.done()
	return code
}

// settleAfter is when the start of even a large service is over.
const settleAfter = 3 * time.Second

// saveMemory makes the garbage collector eager, and gives back what the start took. Not before: starting 500 programs
// takes half its time again with an eager one.
func saveMemory() {
	debug.SetGCPercent(25)
	debug.FreeOSMemory()
}

func complain(err error) int {
	var wrong definition.Errors
	if errors.As(err, &wrong) { // each line begins with file:line:column
		fmt.Fprintln(os.Stderr, wrong)
		return 1
	}
	fmt.Fprintln(os.Stderr, "daruma:", err)
	return 1
}

// greeting hears what the predecessor left, up to the keeper's Welcome.
func greeting(link *wire.Link) (*legacy, error) {
	l := &legacy{kept: map[string][]byte{}}
	for {
		m, files, err := link.Receive()
		if err != nil {
			return nil, fmt.Errorf("the keeper's greeting: %w", err)
		}
		switch m := m.(type) {
		case *wire.Hello:
			l.hello = m
		case *wire.SnapshotPart:
			l.kept[m.Key] = m.Data
		case *wire.Listening:
			l.sockets = append(l.sockets, m)
		case *wire.KnownRun:
			l.runs = append(l.runs, inherited{KnownRun: *m, files: outputFiles(m.Streams, files)})
		case *wire.Welcome:
			if l.hello == nil {
				return nil, errors.New("the keeper's greeting has no beginning")
			}
			return l, nil
		}
	}
}

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

// whyRefused tells a definition that isn't there, which may be mounted a moment later, from one that is wrong.
func whyRefused(file string) exitcode.Code {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() { // to open a pipe would wait for its writer
		var f *os.File
		if f, err = os.Open(file); err == nil {
			f.Close()
		}
	}
	if err != nil {
		return exitcode.Unreadable
	}
	return exitcode.Refused
}

// firstDefinition is the one in force: the predecessor's, else the file's.
func firstDefinition(cfg Config, l *legacy) (*definition.Service, error) {
	var def *definition.Service
	var err error
	if src := l.kept[keyDefinition]; src != nil {
		def, err = definition.Parse(src, cfg.File, environment)
	} else {
		def, err = definition.Load(cfg.File, environment)
	}
	if err != nil {
		return nil, err
	}
	if def.Name != cfg.Service {
		return nil, fmt.Errorf("%s: the service is called %s now, it was %s a moment ago", cfg.File, def.Name, cfg.Service)
	}
	if wrong := launchplan.Unenforceable(def); wrong != nil {
		return nil, wrong
	}
	return def, nil
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

// receive puts the keeper's messages into the mailbox, all that came at once as one piece of work. Its end is the
// keeper's end.
func (s *supervisor) receive() {
	type letter struct {
		message wire.Message
		files   []*os.File
	}
	for {
		var letters []letter
		for more := true; more; more = s.link.More() {
			m, files, err := s.link.Receive()
			if err != nil && !wire.KeeperLost(err) {
				complain(fmt.Errorf("%w; another supervisor takes over", err))
				os.Exit(1) // the keeper holds everything, and starts the next one
			}
			if err != nil {
				s.cancel(fmt.Errorf("the connection to the keeper: %w", err))
				return
			}
			letters = append(letters, letter{m, files})
		}
		s.mailbox.Post(func() {
			for _, l := range letters {
				s.handle(l.message, l.files)
			}
		})
	}
}

// close ends in the reverse order of prepare.
func (s *supervisor) close(buried bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.server.Close(ctx)
	drained := make(chan struct{})
	go func() { s.draining.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(5 * time.Second):
	}
	if !buried { // else the programs are down, not unwanted: the next start writes that down
		s.incidents.Write(func(r *incident.Recorder, _ time.Duration) { r.Wanted("", false, "service stopped") })
	}
	s.incidents.Close()
	_ = s.store.Close()
	if s.terminal != nil {
		s.terminal.Close()
	}
	s.cancel(errors.New("the service has ended"))
	s.events.Close()
	if s.ownLog != nil {
		_ = s.ownLog.Close()
	}
}

func (s *supervisor) programNamesOf(def *definition.Service) []string {
	var names []string
	for i := range def.Programs {
		names = append(names, def.Programs[i].Name)
	}
	return names
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
