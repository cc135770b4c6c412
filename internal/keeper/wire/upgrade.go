package wire

import "time"

// UpgradeKind is what a keeper replaces when it is sent Upgrade.
type UpgradeKind int

// The kinds.
const (
	NoUpgrade         UpgradeKind = iota // it doesn't know the message
	UpgradeSupervisor                    // the supervisor alone: Windows
	UpgradeKeeper                        // supervisor and keeper
)

// UpgradeOutcome is what became of an upgrade.
type UpgradeOutcome struct {
	Attempt  uint64 // counted from 1 since the keeper began; 0: there was none
	Wall     int64  // Unix nanoseconds
	From, To string // versions; To is "" where it isn't known
	Keeper   bool   // the keeper was replaced too
	Error    string // why From runs on; "": it doesn't
}

func (o *UpgradeOutcome) code(c *coder) {
	c.u64(&o.Attempt)
	c.i64(&o.Wall)
	c.str(&o.From)
	c.str(&o.To)
	c.flag(&o.Keeper)
	c.str(&o.Error)
}

// HeldFormat is what HeldKeeper.Format must be. Fields and messages that a reader may pass over don't change it: new fields stand at the
// end of their message and are read with coder.more. Another number closes the way of every upgrade from an older daruma, and the way back to
// it: the service has to be restarted instead.
const HeldFormat = 1

// What a keeper holds, written down for the image that takes its process over on Linux: a HeldKeeper, then the others, the parts of the
// supervisor's snapshot as SnapshotPart, what the definition allows as Allowed (at most two: of the definition before, and of the present
// one), what waits for the next supervisor as its own messages, at last HeldEnd. The files are open in the process: their numbers stay.
type (
	// HeldKeeper is the keeper itself.
	HeldKeeper struct {
		Format  int
		PID     int    // of the process
		Mark    string // see Hello.Mark
		Version string // of the image that wrote this
		Path    string // of its executable, as it was started first

		Sessions, UpgradeSessions uint64
		Deaths                    []time.Duration // of supervisors, monotonic
		LastSign                  time.Duration   // of the last one, monotonic

		Cgroup, NoCgroup string // see Hello
		Lock             int    // file of the service's lock
		Reload, Paused   bool   // asked for
		Terminal, NoHUP  bool   // the process was started with one; and SIGHUP was ignored then
		OOMLast          uint64 // kills of the kernel's OOM killer that were counted
		OOMBefore        uint64 // of them, those that were put down to a run, or to none
		Asked            bool   // what the definition allows is known from a process that read it

		Candidate FileID         // the executable that takes over, or from which the way goes back
		Outcome   UpgradeOutcome // as it is if all goes well
	}
	// HeldProgram is one program.
	HeldProgram struct {
		ID        string
		Started   bool   // it was: Plan, Split and OpenStdin are those of its last start
		Plan      []byte // an encoded launch.Plan
		Split     bool
		OpenStdin bool
		Grant     RestartGrant
		Uses      []time.Duration // of the grant, monotonic
		Newest    uint64          // generation
		Unwanted  bool

		Group                 string // folder of its cgroup; "": none
		Frozen, Killed, Empty bool   // see package tree
		Serial                int
	}
	// HeldRun is one run of the HeldProgram before it.
	HeldRun struct {
		ID       string
		Run      Run
		Alive    bool
		PidFD    int // file; -1: its end was seen
		Streams  []HeldStream
		Stdin    []int // files
		Exited   bool
		Exit     Exit
		Next     uint64
		Failed   string
		Killed   bool
		Acked    bool
		Released bool
	}
	// HeldStream is a pipe from a run; a file that is closed is -1.
	HeldStream struct {
		Name        string
		Read, Write int
	}
	// HeldSocket is a listening socket.
	HeldSocket struct {
		Name, Network, Address string
		File                   int
		Folder                 int // file: the folder that the socket's own file is in; -1: it has no file
		Base                   string
		Dev, Ino               uint64
	}
	// HeldEnd ends the list: without it something is missing.
	HeldEnd struct{}
)

// FileID tells one executable from another that has its name.
type FileID struct {
	Dev, Ino uint64
	Size     int64 // bytes
	Modified int64 // Unix nanoseconds
}

func (f *FileID) code(c *coder) {
	c.u64(&f.Dev)
	c.u64(&f.Ino)
	c.i64(&f.Size)
	c.i64(&f.Modified)
}

func (m *HeldKeeper) fields(c *coder) {
	c.num(&m.Format)
	c.num(&m.PID)
	c.str(&m.Mark)
	c.str(&m.Version)
	c.str(&m.Path)
	c.u64(&m.Sessions)
	c.u64(&m.UpgradeSessions)
	list(c, &m.Deaths, c.dur)
	c.dur(&m.LastSign)
	c.str(&m.Cgroup)
	c.str(&m.NoCgroup)
	c.num(&m.Lock)
	c.flag(&m.Reload)
	c.flag(&m.Paused)
	c.flag(&m.Terminal)
	c.flag(&m.NoHUP)
	c.u64(&m.OOMLast)
	c.u64(&m.OOMBefore)
	c.flag(&m.Asked)
	m.Candidate.code(c)
	m.Outcome.code(c)
}

func (m *HeldProgram) fields(c *coder) {
	c.str(&m.ID)
	c.flag(&m.Started)
	c.blob(&m.Plan)
	c.flag(&m.Split)
	c.flag(&m.OpenStdin)
	m.Grant.code(c)
	list(c, &m.Uses, c.dur)
	c.u64(&m.Newest)
	c.flag(&m.Unwanted)
	c.str(&m.Group)
	c.flag(&m.Frozen)
	c.flag(&m.Killed)
	c.flag(&m.Empty)
	c.num(&m.Serial)
}

func (m *HeldRun) fields(c *coder) {
	c.str(&m.ID)
	m.Run.code(c)
	c.flag(&m.Alive)
	c.num(&m.PidFD)
	list(c, &m.Streams, func(s *HeldStream) { c.str(&s.Name); c.num(&s.Read); c.num(&s.Write) })
	list(c, &m.Stdin, c.num)
	c.flag(&m.Exited)
	m.Exit.code(c)
	c.u64(&m.Next)
	c.str(&m.Failed)
	c.flag(&m.Killed)
	c.flag(&m.Acked)
	c.flag(&m.Released)
	c.strs(&m.Exit.Left)
	c.num(&m.Exit.LeftAll)
}

func (m *HeldSocket) fields(c *coder) {
	c.str(&m.Name)
	c.str(&m.Network)
	c.str(&m.Address)
	c.num(&m.File)
	c.num(&m.Folder)
	c.str(&m.Base)
	c.u64(&m.Dev)
	c.u64(&m.Ino)
}

func (*HeldEnd) fields(*coder) {}

// Held calls each with every message that is written in data. What this daruma doesn't know, messages and fields at the end of messages,
// it passes over, for the image that wrote them may be a newer one. Data that isn't whole is an error, and what each gives.
func Held(data []byte, each func(Message) error) error {
	for len(data) > 0 {
		f, rest, ok, err := cutFrame(data)
		if err != nil {
			return err
		}
		if !ok {
			return ErrMalformed
		}
		m, _, err := f.message()
		if err == nil && m != nil {
			err = each(m)
		}
		if err != nil {
			return err
		}
		data = rest
	}
	return nil
}
