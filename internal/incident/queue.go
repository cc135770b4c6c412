package incident

import "time"

// urgentFalls is how many falls of an incident are written at once. Those after them are written once a second: otherwise a crash loop
// without backoff would write and fsync hundreds of lines a second.
const urgentFalls = 10

// gatherTime is how long lines that say what is wanted may wait for others of their kind: 500 programs begin to be wanted one after the other,
// which would be a hundred fsyncs while they are started. A disk that turns takes as long for one.
const gatherTime = 50 * time.Millisecond

// emit queues a line. An incident has one line in the queue: a newer line says all that the older one said.
func (r *Recorder) emit(l line) {
	switch {
	case l.Incident == nil:
		r.soon = true
	case l.Incident.Falls <= urgentFalls || l.Type == lineClosed:
		r.urgent = true
	}
	if l.Incident != nil {
		for k := r.writing; k < len(r.pending); k++ {
			old := r.pending[k].Incident
			if old == nil || old.ID != l.Incident.ID {
				continue
			}
			if len(l.Incident.LastOutput) == 0 {
				l.Incident.LastOutput = old.LastOutput
			}
			r.drop(k)
			break
		}
	}
	r.pending = append(r.pending, l)
	r.trim()
}

// trim drops the oldest lines that are too many. Those being written don't count: they may be on the disk in a moment.
func (r *Recorder) trim() {
	for len(r.pending)-r.writing > r.o.Queue {
		victim := r.writing
		for k := r.writing; k < len(r.pending); k++ {
			if r.pending[k].Incident != nil { // lines that say what is wanted are few, and matter more
				victim = k
				break
			}
		}
		r.drop(victim)
		r.lost++
		r.lostTotal++
	}
}

func (r *Recorder) drop(k int) { r.pending = append(r.pending[:k:k], r.pending[k+1:]...) }

// run is the recorder's goroutine.
func (r *Recorder) run() {
	defer close(r.done)
	defer r.store.close()
	again := time.NewTimer(retryEvery)
	defer again.Stop()
	r.writeAlive()
	for {
		r.write(false)
		again.Stop()
		if wait := r.waits(); wait > 0 {
			again.Reset(wait)
		}
		select {
		case <-r.wake:
		case <-again.C:
		case <-r.alive:
			r.writeAlive()
		case <-r.closing:
			r.write(true)
			r.writeAlive()
			return
		}
	}
}

// waits says after what time something pending is to be tried; 0: there is nothing.
func (r *Recorder) waits() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.pending) == 0 && r.lost == 0:
		return 0
	case r.soon && r.failing == nil:
		return max(gatherTime-time.Since(r.lastWrite), time.Millisecond)
	}
	return retryEvery
}

// NoteAlive notes in the file that the recorder lives, where the last note is nearly 30 s old. Whoever owns the recorder calls it more often
// than that, with what wakes it anyway: a timer of the recorder's own would wake an idle process once more.
func (r *Recorder) NoteAlive() {
	if r == nil {
		return
	}
	r.mu.Lock()
	due := time.Since(r.noted) > aliveEvery*3/4
	if due {
		r.noted = time.Now()
	}
	r.mu.Unlock()
	if due {
		select {
		case r.alive <- struct{}{}:
		default:
		}
	}
}

// writeAlive notes that the recorder lives. An error isn't reported: the next line fails as well.
func (r *Recorder) writeAlive() {
	n := r.now()
	writeAlive(r.path, moment{T: n.t, At: n.at, Boot: r.o.clock.boot, Mono: Millis(r.o.clock.mono())}) //nolint:errcheck // see above
}

// write brings what is pending to the disk, if it is time. now: it is time in any case.
func (r *Recorder) write(now bool) {
	b, n, lost, waiting := r.take(now)
	if n == 0 && lost == 0 {
		return
	}
	err := r.store.append(b)
	r.taken(n, lost, waiting, err)
	if err == nil && r.store.good > r.compactAt {
		r.compact()
	}
}

// take gives the bytes to write, the number of lines and of lost ones in them, and who waits for them.
func (r *Recorder) take(now bool) (b []byte, n, lost int, waiting []chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := time.Since(r.lastWrite); !now && !r.urgent && since < retryEvery && (!r.soon || since < gatherTime) {
		return nil, 0, 0, nil
	}
	lines := r.pending
	if r.lost > 0 {
		l := r.state.line(r.now(), lineLost)
		l.Lost = r.lost
		lines = append(lines[:len(lines):len(lines)], l)
	}
	for _, l := range lines {
		b = append(b, l.bytes()...)
	}
	waiting, r.waiting = r.waiting, nil
	r.writing, r.urgent, r.soon = len(r.pending), false, false
	return b, r.writing, r.lost, waiting
}

// taken updates the queue after a write.
func (r *Recorder) taken(n, lost int, waiting []chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing, r.failing, r.lastWrite = 0, err, time.Now()
	if err != nil {
		r.waiting = append(waiting, r.waiting...)
		r.trim()
		return
	}
	r.pending = append([]line(nil), r.pending[n:]...)
	r.lost -= lost
	if len(r.pending) == 0 {
		waiting, r.waiting = append(waiting, r.waiting...), nil
	}
	for _, w := range waiting {
		close(w)
	}
}
