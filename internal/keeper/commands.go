package keeper

import (
	"errors"
	"fmt"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// execute does what a message of the supervisor says.
func (k *keeper) execute(m wire.Message) {
	if !k.sup.dumping && !k.ending {
		k.sup.lastSign = monotonic.Now() // any message is a sign of life
		k.sup.deadline = k.sup.lastSign + k.cfg.Hang
	}
	switch m := m.(type) {
	case *wire.Spawn:
		k.spawn(m)
	case *wire.SetRestartGrant:
		if p := k.programs[m.ID]; p != nil {
			p.grant = m.Grant
		}
	case *wire.Signal:
		k.signal(m)
	case *wire.Kill:
		k.kill(m)
	case *wire.Freeze:
		k.freeze(m)
	case *wire.Release:
		k.forgetRun(m.ID, m.Generation, true)
	case *wire.Ack:
		k.forgetRun(m.ID, m.Generation, false)
	case *wire.Listen:
		k.listen(m)
	case *wire.Unlisten:
		k.unlisten(m.Name)
	case *wire.SnapshotPart:
		if len(m.Data) == 0 {
			delete(k.snapshot, m.Key)
		} else {
			k.snapshot[m.Key] = m.Data
		}
	case *wire.Forget:
		if p := k.programs[m.ID]; p != nil {
			p.unwanted = true
			k.dropUnwanted(p)
		}
	case *wire.ServiceState:
		if k.hosted() {
			k.cfg.Handle.OnState(*m)
		}
	case *wire.Finish:
		k.done, k.exitCode = true, m.Code
	case *wire.DefinitionTaken:
		if k.allowed.asked {
			k.allowed.handed = nil
			k.readAllowances()
		}
	case *wire.Upgrade:
		k.askUpgrade()
	case *wire.OpenToReaders:
		k.openToReaders()
	case *wire.Heartbeat:
		k.supervisorUp()
		k.reap()
		k.checkFolders()
		k.renewLock()
		k.forgetOldKills()
	default:
		k.rejectSupervisor(fmt.Errorf("%T, which only a keeper sends", m))
	}
}

// spawn starts a run. At most one instance, ever: where a run is alive, it refuses.
func (k *keeper) spawn(m *wire.Spawn) {
	if !usableID(m.ID) {
		k.rejectSupervisor(fmt.Errorf("a program called %.50q", m.ID))
		return
	}
	p := k.program(m.ID)
	if p.alive != nil {
		k.send(&wire.Failed{ID: m.ID, Generation: m.Generation, Error: fmt.Sprintf("run %d is still alive (pid %d)", p.alive.Generation, p.alive.PID)})
		return
	}
	l, err := k.prepare(&m.Spec)
	if err == nil {
		err = k.allowed.run(m.ID, &l.plan)
	}
	if k.allowed.asked && k.allowed.now == nil {
		k.readAllowances() // for the next try
	}
	if err == nil && k.stops > 1 {
		err = errors.New("daruma is stopping now")
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
	k.reportStarted(p)
}

// signal sends a signal to a run's main process. No restart follows.
func (k *keeper) signal(m *wire.Signal) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.grant = wire.RestartGrant{}
	r.killed = true
	if !r.exited && r.PID != 0 { // else there is no process yet: createdLate ends it
		k.signalRun(r, m)
	}
}

// kill kills the whole tree of a run. The main process' end is reported when it comes.
func (k *keeper) kill(m *wire.Kill) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.grant = wire.RestartGrant{}
	r.killed = true
	k.killTree(p, r)
}

func (k *keeper) freeze(m *wire.Freeze) {
	if p, r := k.find(m.ID, m.Generation); r != nil && !r.exited {
		k.freezeTree(p, r, !m.Thaw)
		k.send(&wire.Frozen{ID: m.ID, Generation: m.Generation, Thaw: m.Thaw})
	}
}

// find gives a program's live run if it is this generation. A command for another one came too late.
func (k *keeper) find(id string, generation uint64) (*program, *run) {
	p := k.programs[id]
	if p == nil || p.alive == nil || p.alive.Generation != generation {
		return p, nil
	}
	return p, p.alive
}

// program gives what is known of a program, which the supervisor wants from now on.
func (k *keeper) program(id string) *program {
	p := k.programs[id]
	if p == nil {
		p = &program{id: id}
		k.programs[id] = p
	}
	p.unwanted = false
	return p
}
