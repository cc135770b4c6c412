package keeper

import (
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// program is what the keeper knows of one program.
type program struct {
	id     string
	launch *launchable // of the last Spawn
	grant  wire.RestartGrant
	uses   grantUses
	tree   programTree
	alive  *run
	ended  []*run // gone, but not yet acknowledged and released
	newest uint64 // generation

	unwanted bool // it goes with its last run
}

// run is one process tree.
type run struct {
	wire.Run
	mainProcess
	streams  []stream
	stdin    []descriptor // both ends of an open standard input, of which nobody writes to one; nil: it is empty
	exited   bool         // its main process is reaped; the tree may still be ending
	exit     wire.Exit
	next     uint64        // the generation that followed by restart grant, or 0
	failed   string        // why it couldn't be launched
	killed   bool          // because the supervisor said so, or everything stops: no restart follows
	checkAt  time.Duration // exited, but its tree isn't empty yet: monotonic, when to check again
	checks   int           // so far
	acked    bool
	released bool
	starting bool // its exec hasn't succeeded yet; told only to a supervisor that is greeted meanwhile
	greeted  bool // such a one was told
	late     lateStart
}

// stream is a pipe from a program. The keeper holds its write end too, until the run's end is reported: else the pipe's end of file
// would wake the supervisor in the very moment in which the program is to be restarted.
type stream struct {
	name  string
	fd    descriptor // read end
	write descriptor // write end; noDescriptor: closed
}

// launchable is a decoded Spec, ready to be started again and again.
type launchable struct {
	plan      launch.Plan // its Env may be another program's too
	split     bool
	openStdin bool
	foreign   bool // handed over by a newer daruma, and this one can't carry it out: the supervisor orders what it can
}

func (k *keeper) prepare(s *wire.Spec) (*launchable, error) {
	plan, err := k.plans.Decode(s.Plan)
	if err != nil {
		return nil, err
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	l := &launchable{plan: *plan, split: s.Split, openStdin: s.OpenStdin}
	l.plan.Notify = s.Notify
	return l, nil
}

// environment gives the plan's environment and behind it what differs from run to run. It is valid until the next call: a restart hardly
// allocates. channel is the number of the notify channel, where there is one.
func (k *keeper) environment(l *launchable, mark string, generation uint64, channel uint64) []string {
	k.env = append(k.env[:0], l.plan.Env...)
	if l.plan.Notify {
		k.env = append(k.env, "DARUMA_NOTIFY="+strconv.FormatUint(channel, 10))
	}
	k.env = append(k.env, "DARUMA_RUN="+mark, "DARUMA_GENERATION="+strconv.FormatUint(generation, 10))
	return k.env
}

// runMark is the value of DARUMA_RUN in the environment of a run.
func (k *keeper) runMark(p *program, r *run) string {
	return k.mark + "/" + p.id + "/" + strconv.FormatUint(r.Generation, 10)
}

// reportStarted reports the program's run to the supervisor, and hands it the read ends. A run that is still starting is reported later.
func (k *keeper) reportStarted(p *program) {
	if p.alive.starting {
		return
	}
	m := &wire.Started{ID: p.id, Run: p.alive.Run}
	var fds []descriptor
	for _, s := range p.alive.streams {
		m.Streams = append(m.Streams, s.name)
		fds = append(fds, s.fd)
	}
	k.send(m, fds...)
}

// endedWell says whether the main process, which has ended, did so by itself and with exit code 0. What such a run leaves behind is named: it
// may be what the program is there for. That takes time, which the restart of a program that fell doesn't lose.
func (r *run) endedWell() bool {
	return !r.killed && r.exit.Code == 0 && r.exit.Signal == 0 && r.failed == ""
}

func (r *run) noteLeft(left tree.Left) {
	r.exit.Orphans, r.exit.Left, r.exit.LeftAll = left.Count > 0, left.Names, left.Count
}

func (r *run) closeWriteEnds() {
	for i := range r.streams {
		if s := &r.streams[i]; s.write != noDescriptor {
			closeDescriptor(s.write)
			s.write = noDescriptor
		}
	}
}

func closeRun(r *run) {
	r.closeWriteEnds()
	for _, s := range r.streams {
		closeDescriptor(s.fd)
	}
	for _, end := range r.stdin {
		closeDescriptor(end)
	}
	r.streams, r.stdin = nil, nil
	r.closeProcess()
}

// usableID says whether an id can be part of a cgroup's name and of an environment variable. A program's name is shorter.
func usableID(id string) bool {
	return id != "" && len(id) <= 200 && !strings.ContainsAny(id, "/\x00")
}
