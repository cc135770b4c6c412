package supervisor

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/service/notify"
)

// streamNotify is the keeper's name for a run's notify channel.
const streamNotify = "notify"

// keyNotify begins the snapshot's keys of notify states. A program's own key has no #.
const keyNotify = "#notify/"

// notifyState is what a run has sent on its notify channel so far.
type notifyState struct {
	Generation uint64
	State      notify.State
	kept       bool // saved with the keeper
}

// readNotifyChannel takes note of the messages of a run in a goroutine of its own.
func (s *supervisor) readNotifyChannel(program string, generation uint64, f *os.File) {
	s.runtimeOf(program).notify = &notifyState{Generation: generation}
	go func() {
		defer f.Close()
		ignored := s.notifyReader.Read(f, func(batch []notify.Message) bool { return s.deliver(program, generation, batch) })
		if ignored > 0 {
			s.log.Warn("on the notify channel came lines that aren't KEY=VALUE", "program", program, "generation", generation, "lines", ignored)
		}
	}()
}

// deliver gives the loop the messages and waits until it has saved what follows from them; false: the loop has ended.
func (s *supervisor) deliver(program string, generation uint64, batch []notify.Message) bool {
	done := make(chan struct{})
	s.mailbox.Post(func() {
		s.applyMessages(program, generation, batch)
		close(done)
	})
	select {
	case <-done:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *supervisor) applyMessages(program string, generation uint64, batch []notify.Message) {
	rt := s.runtimes[program]
	if rt == nil || rt.notify == nil || rt.notify.Generation != generation {
		return // the run is over, or the next one has begun
	}
	before := rt.notify.State.Lasting()
	for _, m := range batch {
		rt.notify.State.Apply(m)
	}
	if rt.notify.State.Lasting() != before {
		s.saveNotifyState(program, rt.notify)
		s.flush()
	}
	for _, w := range rt.probes {
		if w.notify != nil {
			w.notify.Update(rt.notify.State)
		}
	}
}

// notifyStateOf is the notify state of the program's current run; the zero state where it has no channel.
func (s *supervisor) notifyStateOf(program string) notify.State {
	if rt := s.runtimes[program]; rt != nil && rt.notify != nil {
		return rt.notify.State
	}
	return notify.State{}
}

func (s *supervisor) saveNotifyState(program string, what *notifyState) {
	data, err := json.Marshal(what)
	if err != nil {
		s.log.Error("snapshot", "program", program, "error", err)
		return
	}
	what.kept = true
	s.link.Send(&wire.SnapshotPart{Key: keyNotify + program, Data: data})
}

// forgetNotifyState drops the state when the run is over.
func (s *supervisor) forgetNotifyState(program string, generation uint64) {
	rt := s.runtimes[program]
	if rt == nil || rt.notify == nil || rt.notify.Generation != generation {
		return
	}
	if rt.notify.kept {
		s.link.Send(&wire.SnapshotPart{Key: keyNotify + program})
	}
	rt.notify = nil
}

// restoreNotifyStates takes over what runs have sent to the predecessor, and drops it for runs that are gone.
func (s *supervisor) restoreNotifyStates(kept map[string][]byte) {
	for key, data := range kept {
		program, ours := strings.CutPrefix(key, keyNotify)
		if !ours {
			continue
		}
		var old notifyState
		rt := s.runtimes[program]
		if json.Unmarshal(data, &old) == nil && rt != nil && rt.notify != nil && rt.notify.Generation == old.Generation {
			rt.notify.State, rt.notify.kept = old.State, true
			continue
		}
		s.link.Send(&wire.SnapshotPart{Key: key})
	}
}

// watchdogEnv adds the variable that says how often the program has to send WATCHDOG=1.
func watchdogEnv(env []string, def *definition.Program) []string {
	p := def.LivenessProbe
	if p == nil || p.Handler.Notify == nil {
		return env
	}
	return append(env, notify.EnvWatchdog+"="+strconv.FormatFloat(p.Period.Seconds(), 'f', -1, 64))
}
