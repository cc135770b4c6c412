package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// falls are the ways to bring this program down, one request each.
type falls struct {
	mu           sync.Mutex
	unreadyUntil time.Time
	hung         chan struct{} // nil: not hung; closed: the hang is over
	leaked       [][]byte
}

func newFalls() *falls { return &falls{} }

func (f *falls) routes(mux *http.ServeMux) {
	mux.HandleFunc("/crash", f.crash)
	mux.HandleFunc("/exit", f.exit)
	mux.HandleFunc("/hang", f.hang)
	mux.HandleFunc("/unready", f.becomeUnready)
	mux.HandleFunc("/leak", f.leak)
}

// crash panics. Not in the handler's own goroutine: net/http would catch it there.
func (f *falls) crash(w http.ResponseWriter, _ *http.Request) {
	say(w, "crashing: panic in a goroutine")
	go panic("somebody called /crash")
}

// exit ends the process with ?code=N, 0 … 255; 1 where left out.
func (f *falls) exit(w http.ResponseWriter, r *http.Request) {
	code, ok := number(w, r, "code", 1, 0, 255)
	if !ok {
		return
	}
	say(w, fmt.Sprintf("exiting with code %d", code))
	os.Exit(code)
}

// hang stops /health from answering: the process lives, and only a liveness probe can tell that it doesn't work.
func (f *falls) hang(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	if f.hung == nil {
		f.hung = make(chan struct{})
	}
	f.mu.Unlock()
	say(w, "hanging: /health answers no more")
}

// hold blocks while the program is hung and tells whether there is still someone to answer.
func (f *falls) hold(r *http.Request) bool {
	f.mu.Lock()
	hung := f.hung
	f.mu.Unlock()
	if hung == nil {
		return true
	}
	select {
	case <-hung:
	case <-r.Context().Done():
	}
	return false
}

// release ends a hang, for the stop.
func (f *falls) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hung != nil {
		close(f.hung)
		f.hung = nil
	}
}

// becomeUnready makes /ready fail for ?seconds=N, 0 … 3600; 20 where left out.
func (f *falls) becomeUnready(w http.ResponseWriter, r *http.Request) {
	seconds, ok := number(w, r, "seconds", 20, 0, 3600)
	if !ok {
		return
	}
	f.mu.Lock()
	f.unreadyUntil = time.Now().Add(time.Duration(seconds) * time.Second)
	f.mu.Unlock()
	say(w, fmt.Sprintf("not ready for %d s", seconds))
}

func (f *falls) unready() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.unreadyUntil)
}

// leak takes ?mib=N of memory and never gives it back, 1 … 1024; 64 where left out.
func (f *falls) leak(w http.ResponseWriter, r *http.Request) {
	mib, ok := number(w, r, "mib", 64, 1, 1024)
	if !ok {
		return
	}
	block := make([]byte, mib<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1 // memory counts only once its pages are touched
	}
	f.mu.Lock()
	f.leaked = append(f.leaked, block)
	total := 0
	for _, b := range f.leaked {
		total += len(b) >> 20
	}
	f.mu.Unlock()
	say(w, fmt.Sprintf("leaked %d MiB, %d MiB in all", mib, total))
}

// say answers at once, before what was announced happens, and logs the same words.
func say(w http.ResponseWriter, words string) {
	log.Print(words)
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", strconv.Itoa(len(words)+1))
	fmt.Fprintln(w, words)
	http.NewResponseController(w).Flush()
}

// number reads a whole number from the query; ok is false where it was refused and answered.
func number(w http.ResponseWriter, r *http.Request, name string, preset, low, high int) (n int, ok bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return preset, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		http.Error(w, fmt.Sprintf("%s must be a whole number from %d to %d, is %q", name, low, high, text), http.StatusBadRequest)
		return 0, false
	}
	return n, true
}
