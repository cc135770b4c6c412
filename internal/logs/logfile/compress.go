package logfile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// settleTime is how long a rotated file rests before it is compressed. In a flood retention deletes it before that, and
// the work is saved.
const settleTime = 2 * time.Second

// Compressor deletes and compresses rotated files in goroutines of its own, so that nobody who writes waits. Nothing runs while there is nothing to do.
type Compressor struct {
	Settle time.Duration // how long a rotated file rests before it is compressed

	mu      sync.Mutex
	jobs    []job
	trash   []job
	busy    bool      // compressing, or a timer is set
	idle    sync.Cond // not busy any more
	sweeps  bool      // deleting
	closed  bool
	timer   *time.Timer
	running sync.WaitGroup
}

// job is one rotated file.
type job struct {
	dir, program string
	r            Rotated
	due          time.Time
}

func (j job) plain() string { return filepath.Join(j.dir, j.r.Name(j.program)) }

// NewCompressor makes one that has nothing to do.
func NewCompressor() *Compressor {
	z := &Compressor{Settle: settleTime}
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

// retire keeps the newest files, has the others deleted, and the newest one compressed when it has settled.
// It gives what is left of the history and returns at once.
func (z *Compressor) retire(dir, program string, h []Rotated, s Settings) []Rotated {
	drop := len(h) - max(1, s.MaxFiles)
	if drop > 0 {
		for _, r := range h[:drop] {
			z.remove(job{dir: dir, program: program, r: r})
		}
		h = append([]Rotated(nil), h[drop:]...)
	}
	if n := len(h); s.Compress && n > 0 {
		z.add(job{dir: dir, program: program, r: h[n-1], due: time.Now().Add(z.Settle)})
	}
	return h
}

// resume finishes what a predecessor left undone.
func (z *Compressor) resume(dir, program string, h *History, s Settings) {
	for _, r := range h.Files {
		j := job{dir: dir, program: program, r: r}
		switch {
		case h.plain[r.Seq] && h.Zipped[r.Seq]:
			os.Remove(j.plain()) // the compressed one got its name when it was complete
		case s.Compress && h.plain[r.Seq]:
			j.due = time.Now().Add(z.Settle)
			z.add(j)
		}
	}
}

// remove deletes in the background: it takes the kernel a while to give 10 MiB of pages back.
func (z *Compressor) remove(j job) {
	z.mu.Lock()
	defer z.mu.Unlock()
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
	for _, ext := range []string{"", GzipExt, IndexExt} {
		os.Remove(j.plain() + ext)
	}
}

func (z *Compressor) add(j job) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.closed {
		return
	}
	z.jobs = append(z.jobs, j)
	if !z.busy {
		z.schedule()
	}
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

// compress writes the compressed file beside the plain one, makes it durable, gives it its name, and only then removes
// the plain one.
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
	tmp := j.plain() + GzipExt + tmpExt
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
	if unlinked(in) {
		return errUnwanted
	}
	if err := safefile.RenameNew(tmp, j.plain()+GzipExt); err != nil {
		return err
	}
	os.Chtimes(j.plain()+GzipExt, st.ModTime(), st.ModTime())
	if err := safefile.SyncFolder(j.dir); err != nil {
		return nil // both files stay; the next start removes the plain one
	}
	if unlinked(in) { // retention deleted it in this moment, and didn't see the new name
		os.Remove(j.plain() + GzipExt)
		return nil
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
