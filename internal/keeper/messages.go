package keeper

import "github.com/daruma-sh/daruma/internal/keeper/wire"

// receive executes the commands that have arrived. It stops after a Spawn, so that 500 starts in a row don't hold up a restart.
func (s *supervisor) receive(k *keeper) {
	if !s.pending || k.mustWait() {
		return
	}
	for {
		m, _, rest, ok, err := wire.NextFrame(s.inbox[s.inboxRead:])
		if err != nil {
			k.rejectSupervisor(err)
			s.inboxRead = len(s.inbox)
			break
		}
		if !ok {
			s.pending = false
			break
		}
		s.inboxRead = len(s.inbox) - len(rest)
		k.execute(m)
		if _, spawned := m.(*wire.Spawn); spawned || k.done || k.mustWait() {
			break
		}
	}
	if s.inboxRead == len(s.inbox) || !s.pending {
		s.compact()
	}
}

// mustWait says that no order is carried out until it is known what the definition allows. Those of a dead supervisor don't wait: nobody is
// left to hear why one was refused. Nor those of one whose programs were all ended.
func (k *keeper) mustWait() bool { return k.allowed.reading && !k.sup.gone && !k.ending }

// compact drops what was executed. Not after every frame: 500 commands may wait in the inbox.
func (s *supervisor) compact() {
	rest := s.inbox[s.inboxRead:]
	if len(rest) == 0 {
		s.pending = false
		if cap(s.inbox) > 256<<10 {
			s.inbox = nil
		}
	}
	s.inbox = append(s.inbox[:0], rest...)
	s.inboxRead = 0
}

// rejectSupervisor ends a supervisor that sends what no supervisor sends: its memory is damaged, or somebody else has taken it over.
func (k *keeper) rejectSupervisor(why error) {
	k.sup.rejected = why
	k.sup.kill()
	k.sup.pending = false
}

// send queues a message. Without a supervisor it is dropped: the greeting of the next one says everything anyway.
func (k *keeper) send(m wire.Message, fds ...descriptor) {
	s := &k.sup
	if !s.connected() {
		return
	}
	if n := len(s.outbox); n > 0 && len(s.outbox[n-1].data) < wire.BatchBytes && len(s.outbox[n-1].fds)+len(fds) <= wire.BatchFiles {
		// Files travel ahead of their frames' bytes, but in the frames' order, and that is all the other side goes by.
		s.outbox[n-1].data = wire.AppendFrame(s.outbox[n-1].data, m, len(fds))
		s.outbox[n-1].fds = append(s.outbox[n-1].fds, fds...)
		return
	}
	s.outbox = append(s.outbox, batch{wire.AppendFrame(nil, m, len(fds)), fds})
}

// batch is what goes to the supervisor in one piece.
type batch struct {
	data []byte
	fds  []descriptor
}

// busy says that more commands wait than have been answered: in the middle of 500 starts the supervisor isn't woken for each of them. Where
// they wait for the definition to be read (mustWait), that is no reason to hold back what there is to report.
func (s *supervisor) busy() bool {
	return s.pending && len(s.outbox) == 1 && len(s.outbox[0].data) < wire.BatchBytes && len(s.outbox[0].fds) < wire.BatchFiles/2
}
