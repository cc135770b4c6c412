package log

import (
	"fmt"
	"io"
	"os"

	"github.com/daruma-sh/daruma/service/internal/stdio"
)

// lineOutput is where lines go and what it is.
type lineOutput struct {
	sink     sink // nil: there is none, as in a Windows service without a file
	terminal bool
	colours  bool
	journal  bool // stdout, and connected to the journal
}

// openLines opens what lines go to: o.File, else o.Output, else stdout.
func (o Options) openLines() (lineOutput, error) {
	if o.File != "" {
		sink, err := newFileSink(o.File, o.FileMode)
		if err != nil {
			return lineOutput{}, err
		}
		return lineOutput{sink: sink}, nil
	}
	if o.Output == nil {
		o.Output = os.Stdout
	}
	file, ok := o.Output.(*os.File)
	if !ok {
		return lineOutput{sink: &streamSink{w: o.Output, name: "its output"}}, nil
	}
	if _, err := file.Stat(); err != nil { // a Windows service, or a process whose parent closed it
		return lineOutput{}, nil
	}
	out := lineOutput{terminal: stdio.IsTerminal(file), journal: isJournal(file)}
	// https://no-color.org; TERM=dumb is a terminal that shows escape sequences as they are.
	out.colours = out.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && stdio.EnableColours(file)
	own, err := stdio.WithoutSIGPIPE(file)
	if err != nil {
		return lineOutput{}, fmt.Errorf("log to %s: %w", file.Name(), err)
	}
	sink := &streamSink{w: own, name: file.Name()}
	if own != file {
		sink.own = own
	}
	out.sink = sink
	return out, nil
}

// streamSink writes batches to a writer.
type streamSink struct {
	w    io.Writer
	own  io.Closer // nil: the writer belongs to somebody else
	name string
}

func (s *streamSink) open() error    { return nil }
func (s *streamSink) String() string { return s.name }

func (s *streamSink) write(b *batch) error {
	n, err := s.w.Write(b.bytes[b.written:])
	b.written += n
	if err == nil && b.written < len(b.bytes) {
		err = io.ErrShortWrite
	}
	return err
}

func (s *streamSink) close() error {
	if s.own == nil {
		return nil
	}
	return s.own.Close()
}

// fileSink appends to the file at a path, also after that was renamed or removed.
type fileSink struct {
	path string
	mode os.FileMode
	file *os.File    // nil: closed, to be opened again
	info os.FileInfo // of file
}

func newFileSink(path string, mode os.FileMode) (*fileSink, error) {
	s := &fileSink{path: path, mode: mode}
	if err := s.reopen(); err != nil {
		return nil, fmt.Errorf("log: %w (its folder must exist and the service's account must be allowed to write there)", err)
	}
	return s, nil
}

func (s *fileSink) open() error    { return nil }
func (s *fileSink) String() string { return s.path }

func (s *fileSink) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// reopen opens the path; where that fails, the file of before stays.
func (s *fileSink) reopen() error {
	file, err := openAppend(s.path, s.mode)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	if s.file != nil {
		_ = s.file.Close()
	}
	s.file, s.info = file, info
	return nil
}

// follow opens the path again if it names another file by now. An error means that there is no file to write to.
func (s *fileSink) follow() error {
	if s.file != nil && deletePending(s.file) {
		_ = s.file.Close()
		s.file = nil
	}
	if s.file == nil {
		return s.reopen()
	}
	if s.moved() {
		_ = s.reopen()
	}
	return nil
}

// moved reports whether the path names another file by now, or none. It reports false where it can't find out, as in a folder that the
// service can't open any more since it gave up its rights.
func (s *fileSink) moved() bool {
	info, err := os.Stat(s.path)
	if err != nil {
		return os.IsNotExist(err)
	}
	return !os.SameFile(info, s.info)
}

func (s *fileSink) write(b *batch) error {
	if b.written == 0 { // the rest of a line belongs into the file where the line began
		if err := s.follow(); err != nil {
			return err
		}
	}
	n, err := s.file.Write(b.bytes[b.written:])
	b.written += n
	return err
}
