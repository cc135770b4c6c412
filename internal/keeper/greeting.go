package keeper

import (
	"cmp"
	"os"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// greet hands a new supervisor all that its predecessor left.
func (k *keeper) greet(why string) {
	gone := time.Duration(0)
	if k.sessions > 0 {
		gone = monotonic.Now() - k.sup.lastSign
	}
	k.send(&wire.Hello{KeeperPID: os.Getpid(), Sessions: k.sessions, Gone: gone, Why: why, Cgroup: k.trees.base, NoCgroup: k.trees.without,
		Hang: k.cfg.Hang, Mark: k.mark, Hosted: k.hosted(), Readers: opensToReaders,
		Version: k.runs.Version, ExecutableModified: k.runs.Modified.UnixNano(), ExecutableSize: k.runs.Size,
		Upgrades: upgradeKind, ExecutablePath: k.runs.Path, UpgradeSessions: k.up.sessions, LastUpgrade: k.up.last, Upgraded: k.up.news})
	k.up.news = false
	k.sessions++
	for key, data := range k.snapshot {
		k.send(&wire.SnapshotPart{Key: key, Data: data})
	}
	for name, s := range k.sockets {
		k.send(&wire.Listening{Name: name, Network: s.network, Address: s.address})
	}
	for _, p := range k.programs {
		slices.SortFunc(p.ended, func(a, b *run) int { return cmp.Compare(a.Generation, b.Generation) })
		for _, r := range p.ended {
			k.sendKnown(p, r, false)
		}
		if p.alive != nil {
			p.alive.greeted = p.alive.starting
			k.sendKnown(p, p.alive, true)
		}
	}
	k.send(&wire.Welcome{})
	k.repeatRequests()
}

// hosted says whether somebody wants to know the service's state.
func (k *keeper) hosted() bool { return k.cfg.Handle != nil && k.cfg.Handle.OnState != nil }

func (k *keeper) sendKnown(p *program, r *run, alive bool) {
	m := &wire.KnownRun{ID: p.id, Run: r.Run, Alive: alive, Exit: r.exit, Next: r.next, Failed: r.failed, Acked: r.acked}
	var fds []descriptor
	for _, s := range r.streams {
		m.Streams = append(m.Streams, s.name)
		fds = append(fds, s.fd)
	}
	k.send(m, fds...)
}

// repeatRequests says again what was asked of a predecessor, or of nobody.
func (k *keeper) repeatRequests() {
	if k.reload {
		k.reload = false
		k.send(&wire.ReloadRequest{})
	}
	if k.paused { // the predecessor may have died before every program was frozen
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
