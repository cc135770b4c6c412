package keeper

import (
	"cmp"
	"os"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// obey does what the supervisor said.
func (k *keeper) obey(m wire.Message) {
	if !k.sup.dumping && !k.ending {
		k.sup.heard = monotonic.Now() // any message is a sign of life
		k.sup.deadline = k.sup.heard + k.cfg.Hang
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
		k.forget(m.ID, m.Generation, true)
	case *wire.Ack:
		k.forget(m.ID, m.Generation, false)
	case *wire.Listen:
		k.listen(m)
	case *wire.Unlisten:
		k.unlisten(m.Name)
	case *wire.SnapshotPart:
		if len(m.Data) == 0 {
			delete(k.kept, m.Key)
		} else {
			k.kept[m.Key] = m.Data
		}
	case *wire.Forget:
		if p := k.programs[m.ID]; p != nil {
			p.unwanted = true
			k.drop(p)
		}
	case *wire.ServiceState:
		if k.hosted() {
			k.cfg.Handle.OnState(*m)
		}
	case *wire.Finish:
		k.done, k.exitCode = true, m.Code
	case *wire.Heartbeat:
		k.reap()
	default:
		k.distrust(wire.ErrMalformed) // a message of ours, sent back
	}
}

// greet hands a new supervisor all that its predecessor left.
func (k *keeper) greet(why string) {
	gone := time.Duration(0)
	if k.sessions > 0 {
		gone = monotonic.Now() - k.sup.heard
	}
	k.send(&wire.Hello{KeeperPID: os.Getpid(), Sessions: k.sessions, Gone: gone, Why: why, Cgroup: k.trees.base, NoCgroup: k.trees.without, Hang: k.cfg.Hang, Mark: k.mark,
		Hosted: k.hosted()})
	k.sessions++
	for key, data := range k.kept {
		k.send(&wire.SnapshotPart{Key: key, Data: data})
	}
	for name, s := range k.sockets {
		k.send(&wire.Listening{Name: name, Network: s.network, Address: s.address})
	}
	for _, p := range k.programs {
		slices.SortFunc(p.ended, func(a, b *run) int { return cmp.Compare(a.Generation, b.Generation) })
		for _, r := range p.ended {
			k.known(p, r, false)
		}
		if p.alive != nil {
			k.known(p, p.alive, true)
		}
	}
	k.send(&wire.Welcome{})
	if k.reload {
		k.reload = false
		k.send(&wire.ReloadRequest{})
	}
	if k.paused { // it may not have come to pass it on to every program
		k.send(&wire.PauseRequest{})
	}
	for _, m := range k.waiting {
		k.send(m)
	}
	k.waiting = nil
	if k.stops > 0 {
		k.send(&wire.StopRequest{Signal: "an earlier request", Now: k.stops > 1})
	}
}

// hosted says whether somebody wants to know the service's state.
func (k *keeper) hosted() bool { return k.cfg.Handle != nil && k.cfg.Handle.OnState != nil }

func (k *keeper) known(p *program, r *run, alive bool) {
	m := &wire.KnownRun{ID: p.id, Run: r.Run, Alive: alive, Exit: r.exit, Next: r.next, Failed: r.failed, Acked: r.acked}
	var fds []descriptor
	for _, s := range r.streams {
		m.Streams = append(m.Streams, s.name)
		fds = append(fds, s.fd)
	}
	k.send(m, fds...)
}
