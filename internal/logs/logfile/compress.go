package logfile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// settleTime is how long a rotated file rests before it is compressed, once the next one has been rotated too. Log shippers look for new
// files every 10 s or so, and one that was restarted must still find what it hadn't read. In a flood retention deletes it before that,
// and the work is saved.
const settleTime = time.Minute

// Compressor deletes and compresses rotated files in goroutines of its own, so that nobody who writes waits. Nothing runs while there is nothing to do.
type Compressor struct {
	Settle time.Duration // how long a rotated file rests before it is compressed

	mu      sync.Mutex
	jobs    []job
	pruneAt int            // so many jobs are looked through for those that retention has made void
	oldest  map[log]uint64 // number of the oldest file that retention has left
	trash   []job
	busy    bool      // compressing, or a timer is set
	idle    sync.Cond // not busy any more
	sweeps  bool      // deleting
	closed  bool
	timer   *time.Timer
	running sync.WaitGroup
}

// log is one program's log.
type log struct{ dir, program string }

// job is one rotated file.
type job struct {
	log
	r   Rotated
	due time.Time
}

func (j job) plain() string      { return filepath.Join(j.dir, j.r.Name(j.program)) }
func (j job) compressed() string { return filepath.Join(j.dir, j.r.Compressed(j.program)) }

// NewCompressor makes one that has nothing to do.
func NewCompressor() *Compressor {
	z := &Compressor{Settle: settleTime, oldest: map[log]uint64{}, pruneAt: pruneLeast}
	z.idle.L = &z.mu
	return z
}

// AwaitIdle waits until there is nothing to compress, neither now nor later.
func (z *Compressor) AwaitIdle() {
	z.mu.Lock()
	defer z.mu.Unlock()
	for z.busy {
		z.idle.Wait()
	}
}

// retire keeps the newest files, has the others deleted, and the last but one compressed when it has settled. The newest stays plain until
// the next rotation, however long that takes: a log shipper that lags behind is still reading it.
// It gives what is left of the history and returns at once.
func (z *Compressor) retire(dir, program string, h []Rotated, s Settings) []Rotated {
	of := log{dir, program}
	drop := len(h) - max(1, s.MaxFiles)
	if drop > 0 {
		for _, r := range h[:drop] {
			z.remove(job{log: of, r: r})
		}
		h = append([]Rotated(nil), h[drop:]...)
	}
	if n := len(h); s.Compress && n > 1 {
		z.add(job{log: of, r: h[n-2], due: time.Now().Add(z.Settle)})
	}
	return h
}

// resume finishes what a predecessor left undone.
func (z *Compressor) resume(dir, program string, h *History, s Settings) {
	for i, r := range h.Files {
		j := job{log: log{dir, program}, r: r}
		switch {
		case h.plain[r.Seq] && h.Zipped[r.Seq]:
			os.Remove(j.plain()) // the compressed one got its name when it was complete
		case s.Compress && h.plain[r.Seq] && i < len(h.Files)-1:
			j.due = time.Now().Add(z.Settle)
			z.add(j)
		}
	}
}

// remove deletes in the background: it takes the kernel a while to give 10 MiB of pages back.
func (z *Compressor) remove(j job) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.oldest[j.log] = max(z.oldest[j.log], j.r.Seq+1)
	if z.closed || len(z.trash) >= 32 { // more than that mustn't wait: the disk would fill
		j.delete()
		return
	}
	z.trash = append(z.trash, j)
	if !z.sweeps {
		z.sweeps = true
		z.running.Add(1)
		go z.sweep()
	}
}

func (z *Compressor) sweep() {
	defer z.running.Done()
	z.mu.Lock()
	defer z.mu.Unlock()
	for len(z.trash) > 0 {
		j := z.trash[0]
		z.trash = z.trash[1:]
		z.mu.Unlock()
		j.delete()
		z.mu.Lock()
	}
	z.trash, z.sweeps = nil, false
}

func (j job) delete() {
	os.Remove(j.plain())
	os.Remove(j.plain() + IndexExt)
	os.Remove(j.compressed())
	os.Remove(filepath.Join(j.dir, j.r.compressedBeside(j.program)))
}

func (z *Compressor) add(j job) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.closed {
		return
	}
	z.jobs = append(z.jobs, j)
	if len(z.jobs) >= z.pruneAt {
		z.prune()
	}
	if !z.busy {
		z.schedule()
	}
}

// dropped reports whether retention has deleted the file. That it has lost its name ([unlinked]) doesn't show where a file that is open keeps
// it until it is closed.
func (z *Compressor) dropped(j job) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return j.r.Seq < z.oldest[j.log]
}

// pruneLeast is how many jobs are few.
const pruneLeast = 64

// prune takes out the jobs whose files retention has deleted: a flood would leave thousands in a minute. z.mu is held.
func (z *Compressor) prune() {
	z.jobs = slices.DeleteFunc(z.jobs, func(j job) bool { return j.r.Seq < z.oldest[j.log] })
	z.pruneAt = max(pruneLeast, 2*len(z.jobs))
}

// schedule sets the timer for the first job; z.mu is held.
func (z *Compressor) schedule() {
	z.busy = len(z.jobs) > 0 && !z.closed
	if !z.busy {
		z.jobs = nil
		z.idle.Broadcast()
		return
	}
	z.running.Add(1)
	z.timer = time.AfterFunc(time.Until(z.jobs[0].due), z.run)
}

// run compresses what is due, on a thread of its own that has a low priority and ends afterwards.
func (z *Compressor) run() {
	defer z.running.Done()
	runtime.LockOSThread() // never unlocked: Go ends the thread, for its priority can't be raised again
	lowerPriority()
	var gz *gzip.Writer
	z.mu.Lock()
	defer z.mu.Unlock()
	for len(z.jobs) > 0 && !z.closed && !time.Now().Before(z.jobs[0].due) {
		j := z.jobs[0]
		z.jobs = z.jobs[1:]
		z.mu.Unlock()
		if gz == nil {
			gz, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed)
		}
		z.compress(gz, j) // where it fails (a full disk), the file stays as it is and the next start tries again
		z.mu.Lock()
	}
	z.schedule()
}

var errUnwanted = errors.New("not wanted any more")

// compress writes the compressed file into its folder, makes it durable, gives it its name, and only then removes the plain one.
func (z *Compressor) compress(gz *gzip.Writer, j job) (err error) {
	in, err := safefile.Open(j.plain())
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if err := makeCompressedFolder(j.dir); err != nil {
		return err
	}
	tmp := j.compressed() + tmpExt
	os.Remove(tmp)
	out, err := openFile(tmp, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	defer func() {
		out.Close()
		if err != nil {
			os.Remove(tmp)
		}
	}()
	w := bufio.NewWriterSize(out, 64<<10)
	gz.Reset(w)
	gz.Header.ModTime = st.ModTime()
	if _, err := io.Copy(gz, &wantedReader{z: z, f: in}); err != nil {
		return err
	}
	if err := gz.Close(); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if unlinked(in) || z.dropped(j) {
		return errUnwanted
	}
	if err := safefile.RenameNew(tmp, j.compressed()); err != nil {
		return err
	}
	os.Chtimes(j.compressed(), st.ModTime(), st.ModTime())
	synced := safefile.SyncFolder(filepath.Dir(j.compressed()))
	if unlinked(in) || z.dropped(j) { // retention deleted it in this moment, and didn't see the new name
		os.Remove(j.compressed())
		return nil
	}
	if synced != nil {
		return nil // both files stay; the next start removes the plain one
	}
	return os.Remove(j.plain())
}

// wantedReader reads a file until nobody wants it compressed any more.
type wantedReader struct {
	z *Compressor
	f *os.File
}

func (r *wantedReader) Read(b []byte) (int, error) {
	r.z.mu.Lock()
	closed := r.z.closed
	r.z.mu.Unlock()
	if closed || unlinked(r.f) {
		return 0, errUnwanted
	}
	return r.f.Read(b)
}

// Close breaks off what is under way; a successor finishes it.
func (z *Compressor) Close() {
	z.mu.Lock()
	z.closed = true
	if z.timer != nil && z.timer.Stop() {
		z.running.Done()
	}
	z.mu.Unlock()
	z.running.Wait()
}

// unlinked tells whether no name leads to the file any more.
func unlinked(f *os.File) bool {
	links, _, err := stateOf(f)
	return err == nil && links == 0
}

// Waiting is how many files wait to be compressed. Some of them may have been deleted meanwhile.
func (z *Compressor) Waiting() int {
	z.mu.Lock()
	defer z.mu.Unlock()
	return len(z.jobs)
}
