package wire

import "time"

// Message is one frame between keeper and supervisor: one of the types below, by pointer.
type Message interface{ fields(*coder) }

// From the supervisor to the keeper.
type (
	// Spawn starts run Generation of the program ID. The keeper refuses where one is alive.
	Spawn struct {
		ID         string
		Generation uint64
		Spec       Spec
		Order      Order
	}
	// SetOrder replaces the standing order of a program.
	SetOrder struct {
		ID    string
		Order Order
	}
	// Signal sends a signal to the main process of a run, then SIGCONT, and cancels the standing order.
	// On Windows Ctrl+C is followed by WM_CLOSE, if the program then still runs, after Next.
	Signal struct {
		ID         string
		Generation uint64
		Signal     int
		Next       time.Duration
	}
	// Kill ends the whole tree of a run, and cancels the standing order.
	Kill struct {
		ID         string
		Generation uint64
	}
	// Freeze stops a tree where it stands, or with Thaw lets it go on.
	Freeze struct {
		ID         string
		Generation uint64
		Thaw       bool
	}
	// Release says that the output of an ended run is drained: the keeper closes its ends.
	Release struct {
		ID         string
		Generation uint64
	}
	// Ack says that the end of a run was taken note of and is in the snapshot.
	Ack struct {
		ID         string
		Generation uint64
	}
	// Listen binds a socket, to be handed to programs by name. Answered by Listening.
	Listen struct{ Name, Network, Address string }
	// Unlisten closes it.
	Unlisten struct{ Name string }
	// Beat is the heartbeat.
	Beat struct{}
	// Keep stores an opaque piece of the supervisor's snapshot; an empty Data forgets it.
	Keep struct {
		Key  string
		Data []byte
	}
	// Forget says that a program will not be started again: with its last run its cgroup and all that is known of it goes.
	Forget struct{ ID string }
	// Standing says how the service stands, for the service manager that hosts it (Hello.Hosted).
	Standing struct {
		Up     bool   // it counts as started: the service manager may go on to its dependents
		Status string // in a few words
	}
	// Finish ends the keeper with this exit code. Whatever still runs is killed.
	Finish struct{ Code int }
)

// From the keeper to the supervisor.
type (
	// Hello begins a session. The Known and Keep messages that follow, up to Welcome, are what a predecessor left.
	Hello struct {
		KeeperPID int
		Sessions  uint64        // supervisors before this one
		Gone      time.Duration // how long no supervisor was in charge
		Why       string        // how the predecessor ended, in words; "" for the first
		Cgroup    string        // folder of the cgroup that holds the trees; "": there is none
		Hang      time.Duration // a supervisor silent for so long is replaced; it sends Beat twice as often
		Mark      string        // begins the value of DARUMA_RUN in the environment of everything this keeper started
		Hosted    bool          // a service manager wants to know how the service stands: send Standing
	}
	// Known is one run, alive or ended and not yet acknowledged and released. It carries the read ends of its output.
	Known struct {
		ID      string
		Run     Run
		Alive   bool
		Exit    Exit
		Next    uint64   // the generation that followed by standing order, or 0
		Streams []string // one file descriptor each
		Failed  string   // it could not be launched: why
		Acked   bool     // its end is known already; only its output isn't drained
	}
	// Welcome ends the greeting.
	Welcome struct{}
	// Started answers Spawn, or tells of a start by standing order. It carries the read ends of the output.
	Started struct {
		ID      string
		Run     Run
		Streams []string
	}
	// Failed says that a run couldn't be started.
	Failed struct {
		ID         string
		Generation uint64
		Error      string
	}
	// Exited says that a run and its whole tree are gone.
	Exited struct {
		ID         string
		Generation uint64
		Exit       Exit
		Next       uint64 // generation restarted by standing order, or 0
		Failed     string // its launch failed after the fork: why
	}
	// Frozen answers Freeze: the processes stand still, or go on.
	Frozen struct {
		ID         string
		Generation uint64
		Thaw       bool
	}
	// Listening answers Listen.
	Listening struct{ Name, Network, Address, Error string }
	// StopRequest passes on that the keeper was asked to stop: Now, by the second request, means at once.
	// Overdue: because the time to stop was over; Left are the programs that were still there.
	StopRequest struct {
		Signal  string
		Now     bool
		Overdue bool
		Left    []string
	}
	// ReloadRequest passes on SIGHUP.
	ReloadRequest struct{}
	// PauseRequest passes on that the service manager wants all programs to stand still, or with Resume to go on.
	PauseRequest struct{ Resume bool }
	// PowerRequest passes on that the machine is about to sleep, or with Resumed that it woke up.
	PowerRequest struct{ Resumed bool }
	// SessionRequest passes on that somebody's session changed: "session 2: logon".
	SessionRequest struct{ Change string }
	// ControlRequest passes on a control code of the service's own, 128 to 255.
	ControlRequest struct{ Code int }
	// Dump asks a supervisor that hangs for the stacks of its goroutines, where the system has no signal for that.
	Dump struct{}
)

// Numbers of Signal.Signal on Windows, where they only name ways to ask. On Linux the numbers are the kernel's.
const (
	SignalCtrlC = 2   // Ctrl+C to the program's console
	SignalKill  = 9   // TerminateProcess
	SignalClose = 16  // WM_CLOSE to the windows of its tree
	SignalBreak = 21  // Ctrl+Break; Microsoft's C library numbers it so
	SignalEnded = 137 // only in Exit.Signal, on Windows: the keeper's TerminateJobObject ended it
)

// Spec says how to start a program. All of it is decided by the supervisor.
type Spec struct {
	Plan  []byte // an encoded launch.Plan; its ListenNames name sockets bound by Listen
	Split bool   // stdout and stderr apart; else one pipe for both, which keeps their order
	// Notify gives the program the write end of a pipe of its own, and its number in DARUMA_NOTIFY (see service/notify): a file
	// descriptor after those of the listening sockets, or an inherited handle's value. The read end is the stream "notify".
	Notify bool
}

// Run is one process tree.
type Run struct {
	Generation uint64
	PID        int
	At         time.Duration // monotonic
	Wall       int64         // Unix nanoseconds
}

// Exit is how the main process of a run ended.
type Exit struct {
	Code     int // -1 when ended by a signal
	Signal   int
	CoreDump bool
	At       time.Duration // monotonic
	Wall     int64         // Unix nanoseconds
	MaxRSS   int64         // bytes
	CPU      time.Duration // user and system
	Strays   bool          // descendants had to be killed
	Asked    string        // Windows: the last way in which it was asked to end: CTRL_C, CTRL_BREAK, WM_CLOSE; "": none
}
