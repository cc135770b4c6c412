package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/filecheck"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/internal/supervisor/notifychannel"
	"github.com/daruma-sh/daruma/internal/supervisor/process"
	"github.com/daruma-sh/daruma/internal/supervisor/sockets"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
	"github.com/daruma-sh/daruma/internal/supervisor/terminal"
	"github.com/daruma-sh/daruma/internal/version"
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

	runs     version.Executable
	bounds   launchplan.Bounds // of the keeper, which starts the programs
	def      *definition.Service
	file     filecheck.Checker
	refusal  *refusal        // of the file at the start, until a definition is loaded; nil: it was good
	lastGood *lastgood.Store // nil: nothing was stored
	guarded  map[string]bool // programs that aren't started until nobody else can change their files
	engine   *engine.Service
	state    serviceState

	hub          *control.Hub
	events       *events.Publisher
	found        incident.Found // in the incident record, when it was opened
	store        *logs.Store
	incidents    *incidentwriter.Writer
	scheduler    *probe.Scheduler
	notifyReader notifychannel.Reader

	server         *control.Server
	readersProblem error             // why some readers can't come in; nil: all can
	terminal       *terminal.Printer // nil without a terminal
	crashOutput    *process.CrashOutput
	ownLog         *asyncwriter.Writer
	draining       sync.WaitGroup
	drainContext   context.Context // of draining: its end has what a full disk refuses counted as lost
	giveUpDraining context.CancelFunc

	runtimes map[string]*programRuntime // by program
	stopped  stoppedPrograms
	tasks    *tasks.Tasks // commands of hooks and exec probes under way
	sockets  *sockets.Sockets
	waiters  []*waiter
	upgrade  upgrading

	since    time.Time
	warnings map[string]string // by subject
	ending   *ending

	statusOutdated bool              // something has happened since the last report to the service manager
	reportedStatus wire.ServiceState // the last report

	slept  time.Duration // how long the machine has slept, by the last check
	wokeAt time.Duration // monotonic: when the machine was last seen to wake up; 0: never
}

// programRuntime is what the supervisor holds for one program, apart from the engine's state.
type programRuntime struct {
	sink     *logs.Sink
	outputs  map[uint64][]*logs.Copier // by generation
	probes   []*activeProbe
	timer    *time.Timer       // the engine's timer
	reset    *time.Timer       // the engine's reset timer
	wall     time.Time         // start of the current run
	endHook  func()            // cancels postStart or preStop
	hooks    map[string]func() // cancel onControl and onResume, by name
	freezing bool              // the keeper was told to freeze or thaw it, and hasn't answered
	closing  bool              // its program left the definition
	notify   *notifyState      // of the current run; nil without a notify channel
	refused  string            // answer to the last request, where it couldn't be done
	asked    string            // how the last run was asked to end, see wire.Exit
}

// activeProbe is a probe of a run: one that asks, or one that reads the notify channel.
type activeProbe struct {
	kind   engine.ProbeKind
	worker interface {
		Pause()
		Resume()
		Cancel()
		Woke()
		Last() probe.Last
	}
	notify   *probe.NotifyProbe // the same, where it reads the notify channel
	replaced bool               // by one of a changed definition: what it still reports is dropped
}

// runtimeOf gives the runtime of a program, a new one where there is none yet.
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
