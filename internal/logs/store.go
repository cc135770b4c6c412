package logs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// Options are the places and the callback of a [Store].
type Options struct {
	Service  string // name in JSON lines
	Dir      string // log folder; made again where it disappears
	SpoolDir string // for what must survive the supervisor, not a reboot; JSON needs it, and so does text where splice(2) doesn't work

	// OnEvent is called when bytes are lost and when writing fails or recovers. It is called from the goroutines that
	// copy, so it must return at once and must not call back into the package. May be nil.
	OnEvent func(Event)
}

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events.
const (
	Failing   EventKind = "failing"   // writing fails (Err); nothing is lost so far
	Recovered EventKind = "recovered" // writing works again, and nothing was lost
	LossBegan EventKind = "lossBegan" // bytes are being discarded since Since, because of Err
	LossEnded EventKind = "lossEnded" // Bytes were discarded between Since and Until; writing works again
	Notice    EventKind = "notice"    // something odd that needs no action: rotation put off, a stranger's file in the way (Err)
)

// Event is what an administrator should know about the logs.
type Event struct {
	Program string
	Kind    EventKind
	Bytes   int64 // discarded so far in this loss
	Since   time.Time
	Until   time.Time
	Err     error
}

// String says the event in one line, without the program's name.
func (e Event) String() string {
	switch e.Kind {
	case Failing:
		return fmt.Sprintf("output can't be written, it waits: %v", e.Err)
	case Recovered:
		return "output is written again, nothing was lost"
	case LossBegan:
		return fmt.Sprintf("output is being lost: %v", e.Err)
	case LossEnded:
		return fmt.Sprintf("output is written again; %d bytes were lost from %s to %s",
			e.Bytes, e.Since.UTC().Format(time.RFC3339), e.Until.UTC().Format(time.RFC3339))
	}
	return fmt.Sprint(e.Err)
}

// ErrClosed is the error of a store or sink that was closed before.
var ErrClosed = errors.New("logs: closed")

// Store is the logs of one service. Its methods may be called from any goroutine.
type Store struct {
	opts Options
	pump *pump
	zip  *logfile.Compressor

	mu     sync.Mutex
	sinks  map[string]*Sink
	closed bool
	found  map[string]*logfile.History // what the folder held at Open, until a sink takes it over
	ending sync.Once
}

// Open makes the folders where they are missing and finishes what a predecessor left half done.
func Open(opts Options) (*Store, error) {
	if err := os.MkdirAll(opts.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("log folder: %w", err)
	}
	if opts.SpoolDir != "" {
		if err := os.MkdirAll(opts.SpoolDir, 0o700); err != nil {
			return nil, fmt.Errorf("spool folder: %w", err)
		}
	}
	found, err := logfile.Scan(opts.Dir) // once for all programs: the folder of 500 of them has thousands of files
	if err != nil {
		return nil, fmt.Errorf("log folder: %w", err)
	}
	p, err := newPump()
	if err != nil {
		return nil, fmt.Errorf("log pump: %w", err)
	}
	return &Store{opts: opts, pump: p, zip: logfile.NewCompressor(), sinks: map[string]*Sink{}, found: found}, nil
}

// Program gives the sink of a program, a new one or the one that is there, which then has the new settings.
// name must be usable as a file's name: no path separator, not empty, not beginning with a dot; and not be [logfile.Own].
func (s *Store) Program(name string, settings logfile.Settings) (*Sink, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if settings.Format == logfile.JSON && s.opts.SpoolDir == "" {
		return nil, errors.New("logs: json needs Options.SpoolDir")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if k := s.sinks[name]; k != nil {
		k.configure(settings)
		return k, nil
	}
	h := s.found[name]
	delete(s.found, name)
	k := newSink(s, name, settings, h)
	s.sinks[name] = k
	return k, nil
}

// Close stops pumping and closes every sink. What is still in the pipes stays there for a successor.
// A second call waits for the first one's end, and gives nil.
func (s *Store) Close() (err error) {
	s.ending.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	s.mu.Lock()
	s.closed = true
	sinks := s.sinks
	s.sinks = map[string]*Sink{}
	s.mu.Unlock()
	for _, k := range sinks {
		k.Close()
	}
	s.zip.Close()
	return s.pump.close()
}

// forget takes a closed sink out, so that its name can be opened anew.
func (s *Store) forget(k *Sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sinks[k.name] == k {
		delete(s.sinks, k.name)
		k.mu.Lock()
		s.found[k.name] = &logfile.History{Files: k.file.Past()}
		k.mu.Unlock()
	}
}

func (s *Store) emit(e Event) {
	if s.opts.OnEvent != nil {
		s.opts.OnEvent(e)
	}
}

func checkName(name string) error {
	if name == logfile.Own {
		return fmt.Errorf("%q is daruma's own log; a program can't have this name", name)
	}
	if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\\:\x00") {
		return fmt.Errorf("%q can't be the name of a log: it must not be empty, begin with a dot or contain a path separator", name)
	}
	return nil
}
