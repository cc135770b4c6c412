package supervisor

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/notifychannel"
	"github.com/daruma-sh/daruma/internal/supervisor/sockets"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
	"github.com/daruma-sh/daruma/internal/supervisor/terminal"
)

// supervisor is the state of the process; run's goroutine owns it.
type supervisor struct {
	cfg     Config
	place   folders.Folders
	link    *wire.Link
	hello   *wire.Hello
	log     *slog.Logger
	mailbox *mailbox.Mailbox
	ctx     context.Context // ends with the supervisor; its cause says why
	cancel  context.CancelCauseFunc

	def    *definition.Service
	engine *engine.Service
	meta   meta

	hub          *control.Hub
	events       *events.Publisher
	found        incident.Found // in the incident record, when it was opened
	store        *logs.Store
	incidents    *incidentwriter.Writer
	scheduler    *probe.Scheduler
	notifyReader notifychannel.Reader

	server   *control.Server
	terminal *terminal.Printer // nil without a terminal
	stacks   *stacks
	ownLog   *asyncwriter.Writer
	draining sync.WaitGroup

	runtimes map[string]*programRuntime // by program
	tasks    *tasks.Tasks               // commands of hooks and exec probes under way
	sockets  *sockets.Sockets
	waiters  []*waiter

	since    time.Time
	warnings map[string]string // by subject
	ending   *ending

	moved    bool              // something has happened since the service manager was told last
	standing wire.ServiceState // what it was told

	slept time.Duration // how long the machine has, by the last look
	awake time.Duration // monotonic: when it was last told that it woke up; 0: never
}

// programRuntime is what the supervisor holds for one program beside the engine's state.
type programRuntime struct {
	sink     *logs.Sink
	outputs  map[uint64][]*logs.Copier // by generation
	probes   []*activeProbe
	timer    *time.Timer       // the engine's timer
	reset    *time.Timer       // the engine's reset timer
	wall     time.Time         // start of the current run
	endHook  func()            // calls off postStart or preStop
	hooks    map[string]func() // calls off onControl and onResume, by name
	freezing bool              // the keeper was told to freeze or thaw it, and hasn't answered
	closing  bool              // its program left the definition
	notify   *notifyState      // what the current run said by its notify channel; nil without one
	refused  string            // answer to the last request, where it couldn't be done
	asked    string            // how the last run was asked to end, see wire.Exit
}

// activeProbe is a probe at work: one that asks, or one that listens.
type activeProbe struct {
	kind   engine.ProbeKind
	worker interface {
		Pause()
		Resume()
		Cancel()
		Woke()
		Last() probe.Last
	}
	notify *probe.NotifyProbe // the same, where it listens
}

// ending is how the service is going to end.
type ending struct {
	failed bool
	reason string
	now    bool
}

// run is the supervisor's loop. It gives the exit code for the whole service.
func (s *supervisor) run() (code int, buried bool) {
	beat := time.NewTicker(max(s.hello.Hang/2, 10*time.Millisecond))
	defer beat.Stop()
	s.link.Send(&wire.Heartbeat{})
	s.slept = monotonic.Slept()
	watchClock(s.ctx, func() { s.mailbox.Post(s.lookForSleep) })
	for {
		s.flush()
		if code, over := s.over(); over {
			return code, false
		}
		select {
		case <-s.mailbox.Wake():
			s.mailbox.Run()
			s.answerWaiters()
		case <-beat.C:
			// From this goroutine and no other: it is this one whose life the keeper has to know of.
			s.link.Send(&wire.Heartbeat{})
			s.lookForSleep()
		case <-s.ctx.Done():
			return s.bury(), true
		}
	}
}

func (s *supervisor) flush() {
	s.tellStanding()
	if err := s.link.Flush(); err != nil {
		s.cancel(err)
	}
}

// step lets the engine decide, stores what it decided, then does it.
func (s *supervisor) step(ev engine.Event) {
	s.moved = true
	s.carryOut(s.engine.Step(monotonic.Now(), ev))
}

// over says that the service has ended and with which exit code.
func (s *supervisor) over() (int, bool) {
	if s.ending == nil || s.engine.Phase() != engine.Ended && !s.ending.now {
		return 0, false
	}
	if s.ending.failed {
		return int(exitcode.Escalated), true
	}
	return int(exitcode.Done), true
}

// bury: the keeper is gone. What it can't end any more, we do; then there is nothing left to supervise.
func (s *supervisor) bury() int {
	var mains []int
	for _, p := range s.engine.Programs() {
		if p.PID > 0 {
			mains = append(mains, p.PID)
		}
	}
	keeper.KillOrphans(s.hello, mains)
	s.log.Error("the keeper is gone; its programs were ended", "cause", context.Cause(s.ctx))
	s.publish(control.Event{Kind: control.EventKeeperFailed, Reason: "its programs were ended; the system starts the service again where it is told to"})
	return 1
}

func (s *supervisor) runtimeOf(name string) *programRuntime {
	rt := s.runtimes[name]
	if rt == nil {
		rt = &programRuntime{outputs: map[uint64][]*logs.Copier{}}
		s.runtimes[name] = rt
	}
	return rt
}

func (s *supervisor) warn(subject, text string) {
	if text == "" {
		delete(s.warnings, subject)
		return
	}
	if s.warnings[subject] != text {
		s.warnings[subject] = text
		s.publish(control.Event{Kind: control.EventWarning, Reason: text})
	}
}

// environment looks up daruma's own environment.
func environment(name string) (string, bool) { return os.LookupEnv(name) }
