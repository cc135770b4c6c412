package keeper

import (
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// supervisorGrace is how long a supervisor has to write the last logs when everything stops now, or to dump its stacks.
const supervisorGrace = 3 * time.Second

// supervisor is the keeper's view of its peer.
type supervisor struct {
	pid int // 0: there is none
	peer

	deadline time.Duration // monotonic: by then it must have sent something, or with keeper.ending have ended; 0: none
	lastSign time.Duration // monotonic: when it last gave a sign of life, or died after one
	startAt  time.Duration // monotonic: start the next one then; 0: one is there
	dumping  bool          // it hung and was asked for its stacks
	rejected error         // it was ended for what it sent
	gone     bool          // it has ended, and only what it sent is left
	replaced error         // it was ended for no fault of its own
	why      string        // how the last one ended
	deaths   []time.Duration

	inbox     []byte
	inboxRead int  // the inbox up to here is executed
	pending   bool // whole frames may still wait in the inbox
	outbox    []batch
	writing   bool // waiting for room in the socket
}

// reset forgets the predecessor's connection.
func (s *supervisor) reset(deadline time.Duration) {
	s.gone = false
	s.startAt, s.dumping, s.rejected, s.replaced, s.inbox, s.inboxRead, s.outbox, s.writing = 0, false, nil, nil, nil, 0, nil, false
	s.deadline = deadline
}

// supervisorEnv is the supervisor's environment. It marks the supervisor as ours: where it outlives its keeper (stopped, or hung), the next
// keeper ends it like any orphan. Else, once it went on, it would take the new keeper's programs for the dead one's and end them.
func (k *keeper) supervisorEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DARUMA_RUN=") {
			env = append(env, v)
		}
	}
	return append(env, "DARUMA_RUN="+k.supervisorMark())
}

// supervisorMark is no run's: no program's name begins with an exclamation mark.
func (k *keeper) supervisorMark() string { return supervisorMark(k.mark) }

func supervisorMark(mark string) string { return mark + "/!supervisor" }

// supervisorGone is called when the supervisor has ended; why says how, for people. The programs run on. The next supervisor starts at once,
// or a little later where the last ones were short-lived.
func (k *keeper) supervisorGone(why string) {
	s := &k.sup
	s.gone = true
	for s.pending = true; s.pending; { // what it sent before it died counts
		s.receive(k)
	}
	hung := s.dumping
	k.disconnect()
	k.saveStacks(s.pid)
	s.pid, s.deadline, s.outbox = 0, 0, nil
	if k.done {
		return
	}
	switch s.why = why; {
	case hung:
		s.why = "it hung (no heartbeat) and was ended; its stacks were saved"
	case s.replaced != nil:
		s.why = s.replaced.Error()
	case s.rejected != nil:
		s.why = "it sent what no supervisor sends and was ended: " + s.rejected.Error()
	}
	if k.endedForUpgrade() {
		return
	}
	if k.stops > 0 && len(s.deaths) >= 4 && !k.ending { // no supervisor lives long enough to stop anything
		k.stopNow(&wire.StopRequest{Signal: "an earlier request"}, supervisorGrace)
	}
	if k.ending {
		k.endWithout(s.why)
		return
	}
	now := monotonic.Now()
	if !hung {
		s.lastSign = now
	}
	s.startAt = now + s.restartDelay(now)
}

// endWithout ends the keeper though no supervisor has said that it is done: after a second request to stop everything is killed, and the supervisor
// has [supervisorGrace] to write what is left. It is said, because exit code 1 alone would say nothing.
func (k *keeper) endWithout(why string) {
	printLine("daruma: everything was ended at once, and the supervisor didn't finish ("+why+"): the last output may be missing in the logs", supervisorGrace/10)
	k.done, k.exitCode = true, 1
}

// restartDelay notes a death, and says how long to wait before the next start: not at all after the first death within a minute, half a
// second in the end. It never gives up, and waits no longer, because without a supervisor nobody empties the programs' pipes.
func (s *supervisor) restartDelay(now time.Duration) time.Duration {
	recent := s.deaths[:0]
	for _, at := range s.deaths {
		if now-at < time.Minute {
			recent = append(recent, at)
		}
	}
	s.deaths = append(recent, now)
	n := len(s.deaths) - 1
	if n == 0 {
		return 0
	}
	return min(50*time.Millisecond<<min(n-1, 10), 500*time.Millisecond)
}

// check starts the next supervisor when it is time, and ends one that hangs.
func (s *supervisor) check(k *keeper) {
	now := monotonic.Now()
	if s.pid == 0 {
		if k.ending && !k.done {
			k.endWithout("none is there")
		}
		if s.startAt > 0 && now >= s.startAt && !k.done {
			if err := s.start(k); err != nil {
				printLine("daruma: starting a supervisor: "+err.Error(), 0)
				s.startAt = now + max(s.restartDelay(now), 100*time.Millisecond)
			}
		}
		return
	}
	if s.deadline == 0 || now < s.deadline || k.mustWait() { // its heartbeats aren't looked at meanwhile
		return
	}
	if now-s.deadline > time.Second && !s.dumping && !k.ending {
		s.deadline = now + k.cfg.Hang // it was us who slept, and perhaps both (kill -STOP, a frozen container)
		return
	}
	if s.dumping || k.ending {
		s.kill()
		s.deadline = 0
		if k.hurry { // its end may take as long as the disk that it waits for
			k.endWithout("it hasn't ended in time")
		}
		return
	}
	s.dumping = true
	s.deadline = now + supervisorGrace
	s.askForStacks(k)
}
