package launch

// Leave is the UID or GID of a Plan that keeps the keeper's.
const Leave = -1

// Unlimited is the value of an rlimit without bound (RLIM_INFINITY).
const Unlimited = ^uint64(0)

// Plan is what a program starts with. The zero values of the pointers and slices change nothing; UID and GID must be set
// to [Leave] to change nothing, for 0 is root.
type Plan struct {
	Path string   // executable; where it is relative, from Dir
	Argv []string // at least one element
	Env  []string // NAME=value; LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES in it are replaced
	Dir  string   // entered as the target user; "": the keeper's folder

	UID, GID  int   // -1 (Leave) … 2³²-2
	Groups    []int // supplementary groups, at most 65,536; only with SetGroups
	SetGroups bool  // false leaves the keeper's groups

	// AddCaps are held by the program: in its permitted, effective, inheritable and ambient set as an ordinary user, in
	// the bounding set as root. DropCaps are taken out of every set, the bounding set included, except those that AddCaps
	// names too. Upper case, with or without CAP_; ALL stands for every capability the kernel knows, in DropCaps only.
	AddCaps, DropCaps []string

	NoNewPrivs bool // no_new_privs: setuid and setgid files and file capabilities have no effect any more
	Rlimits    []Rlimit
	Nice       *int    // -20 … 19
	Umask      *uint32 // 0 … 0777

	// ListenNames names the sockets handed over by the protocol of sd_listen_fds(3), fd 3 first. Their number is the
	// number of sockets. A name has no colon and no control character; it may be empty.
	ListenNames []string

	// Notify hands over one more file behind the sockets, Attachments.Notify. Its number is 3 + the number of ListenNames; Env must say so
	// to the program.
	Notify bool

	// Limits of the whole tree, kept by a job object on Windows; Linux has none of them here. 0: none.
	Memory    int64  // bytes of committed memory
	MilliCPU  int64  // thousandths of a processor
	Processes int    // at once
	Affinity  uint64 // the processors it may run on, one bit each, of the first 64

	// Parent is the pid whose death kills the program (PR_SET_PDEATHSIG with SIGKILL); 0: none. To the kernel it is the death of the
	// thread that forked: that thread must live as long as the keeper. [Start] fills it in.
	Parent int

	later    string // encoded fields that a newer daruma has filled in, and this one doesn't know
	leftRoot bool   // set while the plan is carried out: root became an ordinary user
}

// Rlimit is one resource limit of setrlimit(2). Soft may not exceed Hard.
type Rlimit struct {
	Name       string // lower case, without RLIMIT_: nofile, nproc, core, …
	Soft, Hard uint64 // in setrlimit(2)'s units; Unlimited
}

// needsLauncher says whether the plan asks for more than syscall.ForkExec can do, which is folder, user, groups and parent-death signal.
func (p *Plan) needsLauncher() bool {
	return len(p.AddCaps) > 0 || len(p.DropCaps) > 0 || p.NoNewPrivs || len(p.Rlimits) > 0 ||
		p.Nice != nil || p.Umask != nil || len(p.ListenNames) > 0
}

// Check gives an error where the plan asks for what no kernel could do.
func (p *Plan) Check() error {
	if p.Path == "" {
		return planError("no executable is named")
	}
	if len(p.Argv) == 0 {
		return planError("argv is empty")
	}
	if p.later != "" {
		return planError("it asks for something that only a newer daruma knows: daruma upgrade has that take over, where it is on disk")
	}
	if hasNUL(p.Path) || hasNUL(p.Dir) || anyNUL(p.Argv) || anyNUL(p.Env) {
		return planError("a path, an argument or a variable contains a NUL byte, which no program can be given")
	}
	if err := p.checkIdentity(); err != nil {
		return err
	}
	for _, l := range p.Rlimits {
		if _, ok := rlimitNumber(l.Name); !ok {
			return planError("unknown rlimit " + quote(l.Name))
		}
		if l.Soft > l.Hard {
			return planError("rlimit " + l.Name + ": the soft limit is above the hard limit")
		}
	}
	if p.Nice != nil && (*p.Nice < -20 || *p.Nice > 19) {
		return planError("niceness must be -20 to 19, is " + itoa(int64(*p.Nice)))
	}
	if p.Memory < 0 || p.MilliCPU < 0 || p.Processes < 0 {
		return planError("a limit is negative")
	}
	if p.Umask != nil && *p.Umask > 0o777 {
		return planError("umask must be 0 to 0777")
	}
	return p.checkListen()
}

func (p *Plan) checkIdentity() error {
	for _, id := range append([]int{p.UID, p.GID}, p.Groups...) {
		if id < Leave || int64(id) > maxID {
			return planError("user or group " + itoa(int64(id)) + " is out of range")
		}
	}
	for _, g := range p.Groups {
		if g == Leave {
			return planError("a supplementary group is -1")
		}
	}
	if len(p.Groups) > maxGroups {
		return planError("more than 65,536 supplementary groups")
	}
	if len(p.Groups) > 0 && !p.SetGroups {
		return planError("groups are given, but not to be set")
	}
	for _, c := range p.AddCaps {
		if _, ok := capNumber(c); !ok {
			return planError("unknown capability " + quote(c))
		}
	}
	for _, c := range p.DropCaps {
		if _, ok := capNumber(c); !ok && c != allCaps {
			return planError("unknown capability " + quote(c))
		}
	}
	if p.Parent < 0 {
		return planError("the parent's pid is negative")
	}
	return nil
}

func (p *Plan) checkListen() error {
	if len(p.ListenNames) > maxListen {
		return planError("more than " + itoa(maxListen) + " sockets to hand over")
	}
	for _, n := range p.ListenNames {
		for i := 0; i < len(n); i++ {
			if n[i] < ' ' || n[i] == ':' || n[i] >= 0x7f {
				return planError("socket name " + quote(n) + " has a colon or a character that isn't printable ASCII")
			}
		}
	}
	return nil
}

const (
	maxID     = 1<<32 - 2 // 2³²-1 means "unchanged" to setresuid(2)
	maxGroups = 65536     // NGROUPS_MAX
	maxListen = 1024
)

func hasNUL(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return true
		}
	}
	return false
}

func anyNUL(list []string) bool {
	for _, s := range list {
		if hasNUL(s) {
			return true
		}
	}
	return false
}
