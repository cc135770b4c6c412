package supervisor

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/service/notify"
)

// streamNotify is the keeper's name for a run's notify channel.
const streamNotify = "notify"

// keyNotify begins the snapshot's keys of what programs have said. A program's own key has no #.
const keyNotify = "#notify/"

// said is what a run has said of itself by its notify channel.
type said struct {
	Generation uint64
	State      notify.State
	kept       bool // the keeper has a part of it
}

// noticePause follows each reading of a channel: a program that floods it costs a hundred readings a second, not a processor.
const noticePause = 10 * time.Millisecond

// listen hears what a run says, until nobody is left to say anything. What was said is taken out of the pipe only when the
// keeper has what follows from it: a successor finds it there otherwise.
func (s *supervisor) listen(program string, generation uint64, f *os.File) {
	s.unit(program).said = &said{Generation: generation}
	go func() {
		defer f.Close()
		var d notify.Decoder
		for {
			var batch []notify.Message
			n, err := s.notices.peek(f, func(p []byte) { d.Write(p, func(m notify.Message) { batch = append(batch, m) }) })
			if err != nil {
				break
			}
			if len(batch) > 0 && !s.tell(program, generation, batch) {
				return
			}
			if err := s.notices.take(f, n); err != nil {
				break
			}
			time.Sleep(noticePause)
		}
		if n := d.Refused(); n > 0 {
			s.log.Warn("on the notify channel came lines that aren't KEY=VALUE", "program", program, "generation", generation, "lines", n)
		}
	}()
}

// tell has the loop take note of the messages; false: there is no loop any more.
func (s *supervisor) tell(program string, generation uint64, batch []notify.Message) bool {
	done := make(chan struct{})
	s.mailbox.Post(func() {
		s.heard(program, generation, batch)
		close(done)
	})
	select {
	case <-done:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *supervisor) heard(program string, generation uint64, batch []notify.Message) {
	u := s.units[program]
	if u == nil || u.said == nil || u.said.Generation != generation {
		return // it is over, or the next run speaks already
	}
	before := u.said.State.Lasting()
	for _, m := range batch {
		u.said.State.Apply(m)
	}
	if u.said.State.Lasting() != before {
		s.keepSaid(program, u.said)
		s.flush()
	}
	for _, w := range u.probes {
		if w.ear != nil {
			w.ear.Update(u.said.State)
		}
	}
}

// saidBy is what the program's current run has said, where it has a channel.
func (s *supervisor) saidBy(program string) notify.State {
	if u := s.units[program]; u != nil && u.said != nil {
		return u.said.State
	}
	return notify.State{}
}

func (s *supervisor) keepSaid(program string, what *said) {
	data, err := json.Marshal(what)
	if err != nil {
		s.log.Error("snapshot", "program", program, "error", err)
		return
	}
	what.kept = true
	s.link.Send(&wire.SnapshotPart{Key: keyNotify + program, Data: data})
}

// forgetSaid: the run is over.
func (s *supervisor) forgetSaid(program string, generation uint64) {
	u := s.units[program]
	if u == nil || u.said == nil || u.said.Generation != generation {
		return
	}
	if u.said.kept {
		s.link.Send(&wire.SnapshotPart{Key: keyNotify + program})
	}
	u.said = nil
}

// restoreSaid goes on with what runs had said to the predecessor, and drops what was said by those that are gone.
func (s *supervisor) restoreSaid(kept map[string][]byte) {
	for key, data := range kept {
		program, ours := strings.CutPrefix(key, keyNotify)
		if !ours {
			continue
		}
		var old said
		u := s.units[program]
		if json.Unmarshal(data, &old) == nil && u != nil && u.said != nil && u.said.Generation == old.Generation {
			u.said.State, u.said.kept = old.State, true
			continue
		}
		s.link.Send(&wire.SnapshotPart{Key: key})
	}
}

// watchdogEnv tells the program how often it is expected to say WATCHDOG=1.
func watchdogEnv(env []string, def *definition.Program) []string {
	p := def.LivenessProbe
	if p == nil || p.Handler.Notify == nil {
		return env
	}
	return append(env, notify.EnvWatchdog+"="+strconv.FormatFloat(p.Period.Seconds(), 'f', -1, 64))
}
