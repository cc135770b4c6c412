package wire

import "time"

// Message is what one frame carries between keeper and supervisor: a pointer to one of the types below.
type Message interface{ fields(*coder) }

// From the supervisor to the keeper.
type (
	// Spawn starts run Generation of the program ID. The answer is Started or Failed. The keeper refuses while a run of that
	// program is alive.
	Spawn struct {
		ID         string
		Generation uint64
		Spec       Spec
		Grant      RestartGrant
	}
	// SetRestartGrant replaces the restart grant of a program.
	SetRestartGrant struct {
		ID    string
		Grant RestartGrant
	}
	// Signal sends a signal to the main process of a run, then SIGCONT, and takes back the restart grant.
	// On Windows Ctrl+C and Ctrl+Break are followed by WM_CLOSE, after Next, if the program still runs by then.
	Signal struct {
		ID         string
		Generation uint64
		Signal     int
		Next       time.Duration
	}
	// Kill ends the whole tree of a run, and takes back the restart grant.
	Kill struct {
		ID         string
		Generation uint64
	}
	// Freeze stops a tree where it stands, or with Thaw lets it go on. The answer is Frozen.
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
	// Ack says that the supervisor knows of the end of a run and has it in its snapshot.
	Ack struct {
		ID         string
		Generation uint64
	}
	// Listen binds a socket, to be handed to programs by name. Network is tcp, udp or unix. The answer is Listening.
	Listen struct{ Name, Network, Address string }
	// Unlisten closes it.
	Unlisten struct{ Name string }
	// Heartbeat says that the supervisor's loop is alive: see Hello.Hang.
	Heartbeat struct{}
	// SnapshotPart stores one part of the supervisor's snapshot, which the keeper can't read; empty Data deletes the part. In the
	// greeting the keeper sends it to the successor.
	SnapshotPart struct {
		Key  string
		Data []byte
	}
	// Forget says that a program won't be started again. Once its last run is acknowledged and released, the keeper removes its cgroup
	// and everything it knows of the program.
	Forget struct{ ID string }
	// ServiceState is what the service manager that hosts the service is told of it (Hello.Hosted).
	ServiceState struct {
		Up     bool   // it counts as started: the service manager may go on to its dependents
		Status string // a line for people
	}
	// DefinitionTaken says that the supervisor has taken the definition again: the keeper reads anew what it allows, and carries out no
	// message that follows before it has done so. Linux.
	DefinitionTaken struct{}
	// OpenToReaders asks that the definition's readers be let through the service's run folder to their socket, and nobody else; answered
	// by OpenedToReaders. To keepers with Hello.Readers alone. Linux.
	OpenToReaders struct{}
	// Upgrade asks the keeper to have the daruma on disk take over; answered by UpgradeAnswer. To keepers with Hello.Upgrades alone.
	Upgrade struct{}
	// Finish ends the keeper with this exit code. Whatever still runs is killed.
	Finish struct{ Code int }
)

// From the keeper to the supervisor.
type (
	// Hello begins the greeting, with which every connection begins. The SnapshotPart, Listening and KnownRun messages that follow,
	// up to Welcome, are what a predecessor left.
	Hello struct {
		KeeperPID int
		Sessions  uint64        // supervisors before this one
		Gone      time.Duration // how long no supervisor was in charge
		Why       string        // how the predecessor ended, for people; "" for the first
		Cgroup    string        // folder of the cgroup that holds the trees; "": there is none
		NoCgroup  string        // why there is none, for people; "" on Windows, which has no cgroups
		Hang      time.Duration // a supervisor that sends nothing for so long is replaced; it sends Heartbeat twice as often
		Mark      string        // begins the value of DARUMA_RUN in the environment of everything this keeper started
		Hosted    bool          // a service manager wants to know the service's state: send ServiceState
		Readers   bool          // OpenToReaders is known

		// What the keeper runs, to be compared with the file on disk: the version of daruma, and its executable's time of change, in ns since
		// 1970, and size in bytes, as they were when it started. Older keepers leave it out.
		Version            string
		ExecutableModified int64
		ExecutableSize     int64

		// Of upgrades. Older keepers leave it out.
		Upgrades        UpgradeKind
		ExecutablePath  string         // of the keeper, where the file that an upgrade takes is looked for
		UpgradeSessions uint64         // of Sessions, those that an upgrade ended or tried: nothing was wrong with them
		LastUpgrade     UpgradeOutcome // zero: there was none
		Upgraded        bool           // this supervisor is the first one since LastUpgrade
	}
	// KnownRun is one run, alive or ended and not yet acknowledged and released. It carries the read ends of its output.
	KnownRun struct {
		ID      string
		Run     Run
		Alive   bool
		Exit    Exit
		Next    uint64   // the generation that followed by restart grant, or 0
		Streams []string // names of the files that come with it: stdout, stderr, notify
		Failed  string   // it couldn't be launched: why
		Acked   bool     // its end is known already; only its output isn't drained
	}
	// Welcome ends the greeting.
	Welcome struct{}
	// Started answers Spawn, or reports a restart by restart grant. It carries the read ends of the output.
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
		Next       uint64 // the generation that was started by restart grant, or 0
		Failed     string // its launch failed after the fork: why
	}
	// Unasked answers Signal where it reached nobody: a program without console and window can be sent nothing. Windows.
	Unasked struct {
		ID         string
		Generation uint64
	}
	// Frozen answers Freeze: the processes are stopped, or with Thaw go on.
	Frozen struct {
		ID         string
		Generation uint64
		Thaw       bool
	}
	// Listening answers Listen. Error is "" where the socket is bound.
	Listening struct{ Name, Network, Address, Error string }
	// StopRequest passes on that the keeper was asked to stop.
	StopRequest struct {
		Signal  string   // the signal's name, or who else asked
		Now     bool     // the keeper has ended all programs itself, after a second request or because the time to stop was over
		Overdue bool     // the time to stop was over
		Left    []string // with Overdue: the programs that still ran
	}
	// ReloadRequest passes on that the definition is to be read again: SIGHUP, or the service manager asked.
	ReloadRequest struct{}
	// PauseRequest passes on that the service manager wants all programs frozen, or with Resume to go on.
	PauseRequest struct{ Resume bool }
	// PowerEvent says that the machine is about to sleep, or with Resumed that it woke up.
	PowerEvent struct{ Resumed bool }
	// SessionEvent says that somebody's session changed: "session 2: logon".
	SessionEvent struct{ Change string }
	// ControlEvent brings a control code of the service's own, 128 to 255.
	ControlEvent struct{ Code int }
	// OpenedToReaders answers OpenToReaders. Error is "" where it was done.
	OpenedToReaders struct{ Error string }
	// UpgradeAnswer answers Upgrade. Where it has no Error and isn't UpToDate, the supervisor ends in order, and the daruma on disk takes over.
	UpgradeAnswer struct {
		Attempt  uint64 // its number, see UpgradeOutcome; 0: none was made
		UpToDate bool   // the daruma on disk is the one that runs
		Error    string // why nothing is done
	}
	// DumpStacks makes a supervisor that hangs end with the stacks of all its goroutines. Windows has no signal for that.
	DumpStacks struct{}
)

// Numbers of Signal.Signal on Windows, where they only name ways to ask. On Linux the numbers are the kernel's.
const (
	SignalCtrlC = 2   // Ctrl+C to the program's console
	SignalKill  = 9   // TerminateProcess
	SignalClose = 16  // WM_CLOSE to the windows of its tree
	SignalBreak = 21  // Ctrl+Break; Microsoft's C library numbers it so
	SignalEnded = 137 // only in Exit.Signal, on Windows: the keeper ended it (TerminateJobObject, TerminateProcess)
)

// Spec says how to start a program. All of it is decided by the supervisor.
type Spec struct {
	Plan  []byte // an encoded launch.Plan; its ListenNames name sockets bound by Listen
	Split bool   // stdout and stderr apart; else one pipe for both, which keeps their order
	// Notify gives the program the write end of a pipe of its own, and its number in DARUMA_NOTIFY (see service/notify): a file
	// descriptor after those of the listening sockets, or an inherited handle's value. The read end is the stream "notify".
	Notify bool
	// OpenStdin gives the program a standard input that nothing comes from and that doesn't end; else it has ended from the beginning. A keeper
	// of a daruma without it takes it for Notify's flag alone.
	OpenStdin bool
}

// Run is one process tree.
type Run struct {
	Generation uint64
	PID        int
	At         time.Duration // of its start, monotonic
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
	Orphans  bool          // descendants had to be killed
	NoMemory bool          // Linux: the kernel ended it because memory ran out, the service's limit or the machine's
	Left     []string      // the executables of such descendants, some of them; only where the run ended by itself and with exit code 0
	LeftAll  int           // how many there were; with Left
	Asked    string        // Windows: the last way in which it was asked to end: CTRL_C, CTRL_BREAK, WM_CLOSE; "": none
}
