package keeper

import (
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// farewell is how long a supervisor gets to write the last logs when everything stops now, or to dump its stacks.
const farewell = 3 * time.Second

// supervisor is the keeper's view of its peer.
type supervisor struct {
	pid int // 0: there is none
	peer

	deadline time.Duration // monotonic: by then it must be heard; 0: none
	heard    time.Duration // monotonic: when it last gave a sign of life, or died after one
	startAt  time.Duration // monotonic: start the next one then; 0: one is there
	dumping  bool          // it hung and was asked for its stacks
	why      string        // how the last one ended
	deaths   []time.Duration

	inbox     []byte
	heardUpTo int  // the inbox up to here is done with
	pending   bool // whole frames may still wait in the inbox
	outbox    []outgoing
	writing   bool // waiting for room in the socket
}

type outgoing struct {
	data []byte
	fds  []descriptor
}

// afresh forgets the predecessor's connection.
func (s *supervisor) afresh(deadline time.Duration) {
	s.startAt, s.dumping, s.inbox, s.heardUpTo, s.outbox, s.writing = 0, false, nil, 0, nil, false
	s.deadline = deadline
}

// supervisorEnv marks the supervisor as ours too. Where it outlives its keeper (stopped, or hung), the next one ends
// it like any stray: when it came to itself it would take the new keeper's programs for the dead one's, and end them.
func (k *keeper) supervisorEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DARUMA_RUN=") {
			env = append(env, v)
		}
	}
	return append(env, "DARUMA_RUN="+k.mark+"/!supervisor")
}

// supervisorGone: the programs run on; the next supervisor starts at once, or a little later if this one was short-lived.
func (k *keeper) supervisorGone(why string) {
	s := &k.sup
	for s.pending = true; s.pending; { // what it said before it died counts
		s.hear(k)
	}
	hung := s.dumping
	k.disconnect()
	k.saveStacks(s.pid)
	s.pid, s.deadline, s.outbox = 0, 0, nil
	if k.done {
		return
	}
	if s.why = why; hung {
		s.why = "it hung (no heartbeat) and was ended; its stacks were saved"
	}
	if k.stops > 0 && len(s.deaths) >= 4 && !k.ending { // no supervisor lives long enough to stop anything
		k.stopNow(&wire.StopRequest{Signal: "an earlier request"}, farewell)
	}
	if k.ending {
		k.done, k.exitCode = true, 1
		return
	}
	now := monotonic.Now()
	if !hung {
		s.heard = now
	}
	s.startAt = now + s.patience(now)
}

// patience spaces the restarts of a supervisor that keeps dying: none at first, half a second in the end, never giving
// up. No longer than that, because without it nobody empties the programs' pipes.
func (s *supervisor) patience(now time.Duration) time.Duration {
	keep := s.deaths[:0]
	for _, at := range s.deaths {
		if now-at < time.Minute {
			keep = append(keep, at)
		}
	}
	s.deaths = append(keep, now)
	n := len(s.deaths) - 1
	if n == 0 {
		return 0
	}
	return min(50*time.Millisecond<<min(n-1, 10), 500*time.Millisecond)
}

// watch starts the next supervisor when it is time, and ends one that hangs.
func (s *supervisor) watch(k *keeper) {
	now := monotonic.Now()
	if s.pid == 0 {
		if k.ending {
			k.done, k.exitCode = true, 1
		}
		if s.startAt > 0 && now >= s.startAt && !k.done {
			if err := s.start(k); err != nil {
				tell("daruma: starting a supervisor: "+err.Error(), 0)
				s.startAt = now + max(s.patience(now), 100*time.Millisecond)
			}
		}
		return
	}
	if s.deadline == 0 || now < s.deadline {
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
			k.done, k.exitCode = true, 1
		}
		return
	}
	s.dumping = true
	s.deadline = now + farewell
	s.askForStacks(k)
}
