package keeper

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// launchable is a decoded Spec, ready to be started again and again.
type launchable struct {
	plan  launch.Plan
	split bool
	env   []string // the plan's, with places behind it: see environ
}

func prepare(s *wire.Spec) (*launchable, error) {
	plan, err := launch.Decode(s.Plan)
	if err != nil {
		return nil, err
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	l := &launchable{plan: *plan, split: s.Split}
	l.plan.Notify = s.Notify
	places := 2
	if s.Notify {
		places = 3
	}
	l.env = append(make([]string, 0, len(plan.Env)+places), plan.Env...)[:len(plan.Env)+places]
	l.plan.Env = l.env
	return l, nil
}

// environ fills in what a run's environment says of the run itself. channel is the number of its notify channel, where it has one.
func (l *launchable) environ(mark string, generation uint64, channel uint64) {
	gen := strconv.FormatUint(generation, 10)
	places := l.env[len(l.env)-2:]
	places[0] = "DARUMA_RUN=" + mark
	places[1] = "DARUMA_GENERATION=" + gen
	if l.plan.Notify {
		l.env[len(l.env)-3] = "DARUMA_NOTIFY=" + strconv.FormatUint(channel, 10)
	}
}

// spawn obeys Spawn. At most one instance, ever: where a run is alive, it refuses.
func (k *keeper) spawn(m *wire.Spawn) {
	if !usableID(m.ID) {
		k.distrust(wire.ErrMalformed)
		return
	}
	p := k.program(m.ID)
	if p.alive != nil {
		k.send(&wire.Failed{ID: m.ID, Generation: m.Generation, Error: fmt.Sprintf("run %d is still alive (pid %d)", p.alive.Generation, p.alive.PID)})
		return
	}
	l, err := prepare(&m.Spec)
	if err == nil && k.stops > 1 {
		err = fmt.Errorf("daruma is stopping now")
	}
	if err != nil {
		p.newest = m.Generation
		k.send(&wire.Failed{ID: m.ID, Generation: m.Generation, Error: err.Error()})
		return
	}
	p.launch, p.grant = l, m.Grant
	if err := k.start(p, m.Generation); err != nil {
		k.send(&wire.Failed{ID: m.ID, Generation: m.Generation, Error: err.Error()})
		return
	}
	k.announce(p)
}

// announce tells the supervisor of a run, and hands it the read ends.
func (k *keeper) announce(p *program) {
	m := &wire.Started{ID: p.id, Run: p.alive.Run}
	var fds []descriptor
	for _, s := range p.alive.streams {
		m.Streams = append(m.Streams, s.name)
		fds = append(fds, s.fd)
	}
	k.send(m, fds...)
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
	r.streams = nil
	r.closeProcess()
}

// usableID says whether an id can be part of a cgroup's name and of an environment variable. A program's name is shorter.
func usableID(id string) bool {
	return id != "" && len(id) <= 200 && !strings.ContainsAny(id, "/\x00")
}

func (k *keeper) program(id string) *program {
	p := k.programs[id]
	if p == nil {
		p = &program{id: id}
		k.programs[id] = p
	}
	p.unwanted = false
	return p
}
