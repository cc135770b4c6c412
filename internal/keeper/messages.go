package keeper

import "time"

// Message is one frame between keeper and supervisor.
type Message interface {
	kind() messageKind
	code(*coder)
}

type messageKind uint8

const (
	kindSpawn messageKind = iota + 1
	kindSetOrder
	kindSignal
	kindKill
	kindFreeze
	kindRelease
	kindAck
	kindListen
	kindUnlisten
	kindBeat
	kindKeep
	kindFinish
	kindForget
	kindFrozen
	kindStarted
	kindFailed
	kindExited
	kindListening
	kindStopRequest
	kindReloadRequest
	kindHello
	kindKnown
	kindWelcome
	kindDump
	kindStanding
	kindPauseRequest
	kindPowerRequest
	kindSessionRequest
	kindControlRequest
)

// newMessage gives an empty message of this kind, or nil.
func newMessage(k messageKind) Message {
	switch k {
	case kindSpawn:
		return &Spawn{}
	case kindSetOrder:
		return &SetOrder{}
	case kindSignal:
		return &Signal{}
	case kindKill:
		return &Kill{}
	case kindFreeze:
		return &Freeze{}
	case kindRelease:
		return &Release{}
	case kindAck:
		return &Ack{}
	case kindListen:
		return &Listen{}
	case kindUnlisten:
		return &Unlisten{}
	case kindBeat:
		return &Beat{}
	case kindKeep:
		return &Keep{}
	case kindFinish:
		return &Finish{}
	case kindForget:
		return &Forget{}
	case kindFrozen:
		return &Frozen{}
	case kindStarted:
		return &Started{}
	case kindFailed:
		return &Failed{}
	case kindExited:
		return &Exited{}
	case kindListening:
		return &Listening{}
	case kindStopRequest:
		return &StopRequest{}
	case kindReloadRequest:
		return &ReloadRequest{}
	case kindHello:
		return &Hello{}
	case kindKnown:
		return &Known{}
	case kindWelcome:
		return &Welcome{}
	case kindDump:
		return &Dump{}
	case kindStanding:
		return &Standing{}
	case kindPauseRequest:
		return &PauseRequest{}
	case kindPowerRequest:
		return &PowerRequest{}
	case kindSessionRequest:
		return &SessionRequest{}
	case kindControlRequest:
		return &ControlRequest{}
	}
	return nil
}

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

func (r *Run) code(c *coder) {
	c.u64(&r.Generation)
	c.num(&r.PID)
	c.dur(&r.At)
	c.i64(&r.Wall)
}

func (e *Exit) code(c *coder) {
	c.num(&e.Code)
	c.num(&e.Signal)
	c.flag(&e.CoreDump)
	c.dur(&e.At)
	c.i64(&e.Wall)
	c.i64(&e.MaxRSS)
	c.dur(&e.CPU)
	c.flag(&e.Strays)
	c.str(&e.Asked)
}

func (s *Spec) code(c *coder) {
	c.blob(&s.Plan)
	c.flag(&s.Split)
	c.flag(&s.Notify)
}

func (m *Spawn) code(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	m.Spec.code(c)
	m.Order.code(c)
}
func (m *SetOrder) code(c *coder) { c.str(&m.ID); m.Order.code(c) }
func (m *Signal) code(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	c.num(&m.Signal)
	c.dur(&m.Next)
}
func (m *Kill) code(c *coder)     { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Freeze) code(c *coder)   { c.str(&m.ID); c.u64(&m.Generation); c.flag(&m.Thaw) }
func (m *Release) code(c *coder)  { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Ack) code(c *coder)      { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Listen) code(c *coder)   { c.str(&m.Name); c.str(&m.Network); c.str(&m.Address) }
func (m *Unlisten) code(c *coder) { c.str(&m.Name) }
func (m *Beat) code(*coder)       {}
func (m *Keep) code(c *coder)     { c.str(&m.Key); c.blob(&m.Data) }
func (m *Finish) code(c *coder)   { c.num(&m.Code) }
func (m *Forget) code(c *coder)   { c.str(&m.ID) }
func (m *Frozen) code(c *coder)   { c.str(&m.ID); c.u64(&m.Generation); c.flag(&m.Thaw) }
func (m *Welcome) code(*coder)    {}
func (m *Dump) code(*coder)       {}
func (m *Listening) code(c *coder) {
	c.str(&m.Name)
	c.str(&m.Network)
	c.str(&m.Address)
	c.str(&m.Error)
}
func (m *StopRequest) code(c *coder) {
	c.str(&m.Signal)
	c.flag(&m.Now)
	c.flag(&m.Overdue)
	c.strs(&m.Left)
}
func (m *ReloadRequest) code(*coder)    {}
func (m *PauseRequest) code(c *coder)   { c.flag(&m.Resume) }
func (m *PowerRequest) code(c *coder)   { c.flag(&m.Resumed) }
func (m *SessionRequest) code(c *coder) { c.str(&m.Change) }
func (m *ControlRequest) code(c *coder) { c.num(&m.Code) }
func (m *Standing) code(c *coder)       { c.flag(&m.Up); c.str(&m.Status) }
func (m *Hello) code(c *coder) {
	c.num(&m.KeeperPID)
	c.u64(&m.Sessions)
	c.dur(&m.Gone)
	c.str(&m.Why)
	c.str(&m.Cgroup)
	c.dur(&m.Hang)
	c.str(&m.Mark)
	c.flag(&m.Hosted)
}
func (m *Known) code(c *coder) {
	c.str(&m.ID)
	m.Run.code(c)
	c.flag(&m.Alive)
	m.Exit.code(c)
	c.u64(&m.Next)
	c.strs(&m.Streams)
	c.str(&m.Failed)
	c.flag(&m.Acked)
}
func (m *Started) code(c *coder) { c.str(&m.ID); m.Run.code(c); c.strs(&m.Streams) }
func (m *Failed) code(c *coder)  { c.str(&m.ID); c.u64(&m.Generation); c.str(&m.Error) }
func (m *Exited) code(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	m.Exit.code(c)
	c.u64(&m.Next)
	c.str(&m.Failed)
}

func (*Spawn) kind() messageKind          { return kindSpawn }
func (*SetOrder) kind() messageKind       { return kindSetOrder }
func (*Signal) kind() messageKind         { return kindSignal }
func (*Kill) kind() messageKind           { return kindKill }
func (*Freeze) kind() messageKind         { return kindFreeze }
func (*Release) kind() messageKind        { return kindRelease }
func (*Ack) kind() messageKind            { return kindAck }
func (*Listen) kind() messageKind         { return kindListen }
func (*Unlisten) kind() messageKind       { return kindUnlisten }
func (*Beat) kind() messageKind           { return kindBeat }
func (*Keep) kind() messageKind           { return kindKeep }
func (*Finish) kind() messageKind         { return kindFinish }
func (*Forget) kind() messageKind         { return kindForget }
func (*Frozen) kind() messageKind         { return kindFrozen }
func (*Started) kind() messageKind        { return kindStarted }
func (*Failed) kind() messageKind         { return kindFailed }
func (*Exited) kind() messageKind         { return kindExited }
func (*Listening) kind() messageKind      { return kindListening }
func (*StopRequest) kind() messageKind    { return kindStopRequest }
func (*ReloadRequest) kind() messageKind  { return kindReloadRequest }
func (*Hello) kind() messageKind          { return kindHello }
func (*Known) kind() messageKind          { return kindKnown }
func (*Welcome) kind() messageKind        { return kindWelcome }
func (*Dump) kind() messageKind           { return kindDump }
func (*Standing) kind() messageKind       { return kindStanding }
func (*PauseRequest) kind() messageKind   { return kindPauseRequest }
func (*PowerRequest) kind() messageKind   { return kindPowerRequest }
func (*SessionRequest) kind() messageKind { return kindSessionRequest }
func (*ControlRequest) kind() messageKind { return kindControlRequest }
