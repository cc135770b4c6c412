package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// letReadersIn opens the readers' socket for whom the definition in force names, and for nobody else. Names are looked up in another
// goroutine: on Windows a domain's controller may be asked.
func (s *supervisor) letReadersIn() {
	def := s.def
	go func() {
		set, unknown := readers.Of(def.Control.Readers)
		s.mailbox.Post(func() {
			if s.def == def {
				s.setReaders(set, unknown)
			}
		})
	}()
}

func (s *supervisor) setReaders(set readers.Set, unknown []error) {
	changed, err := s.server.SetReaders(s.place.Socket(), set)
	s.readersProblem = errors.Join(append(unknown, err)...)
	switch {
	case !changed:
	case !set.Empty() && strings.HasPrefix(s.place.Run, privateRun):
		s.readersProblem = errors.Join(s.readersProblem, fmt.Errorf("control.readers: systemd keeps %s where only root may enter: "+
			"daruma install %s changes that, then restart the service", s.place.Run, s.state.File))
	case s.hello.Readers:
		s.link.Send(&wire.OpenToReaders{})
	case s.cfg.checked: // Linux, and a keeper of an earlier daruma
		s.readersProblem = errors.Join(s.readersProblem, errors.New("control.readers: they are let in when the service has been restarted, "+
			"because its keeper is of an earlier daruma"))
	}
	s.warnOfReaders()
}

// renewSockets makes the control socket and the readers' again where their files were removed, by a cleaner of temporary files perhaps.
func (s *supervisor) renewSockets() {
	_, err := s.server.Renew()
	if err == nil {
		var again bool
		if again, err = s.server.RenewReaders(); again && s.hello.Readers {
			s.link.Send(&wire.OpenToReaders{})
		}
	}
	text := ""
	if err != nil {
		text = "the control socket was removed, and can't be made again: " + err.Error()
	}
	s.warn("control socket", text)
}

// privateRun is where systemd keeps the run folders of dynamic users that outlive a restart (systemd.exec(5), RuntimeDirectoryPreserve=).
const privateRun = "/run/private/"

// openedToReaders takes the keeper's answer.
func (s *supervisor) openedToReaders(m *wire.OpenedToReaders) {
	if m.Error != "" {
		s.readersProblem = errors.Join(s.readersProblem, errors.New("control.readers: they aren't let in: "+m.Error))
	}
	s.warnOfReaders()
}

func (s *supervisor) warnOfReaders() {
	text := ""
	if s.readersProblem != nil {
		text = strings.ReplaceAll(s.readersProblem.Error(), "\n", "; ")
	}
	s.warn("readers", text)
}

// maxRecord is more than an incident record ever has, in bytes.
const maxRecord = 32 << 20

// Incidents implements control.Backend.
func (b backend) Incidents() (io.ReadCloser, error) {
	f, err := safefile.Open(b.s.place.Incidents())
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(strings.NewReader("")), nil
	} else if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, maxRecord), f}, nil
}

// Logs implements control.Backend.
func (b backend) Logs(ctx context.Context, q control.LogQuery, each func(control.LogLine) error, idle func() error) error {
	dir := b.s.place.Logs
	query := logread.Query{Last: q.Last, Since: q.Since, Until: q.Until, Follow: q.Follow, Raw: q.Raw}
	if q.Last < 0 {
		query.Last = logread.None
	}
	if q.Program != "" {
		names, err := logread.Programs(dir)
		if err != nil {
			return err
		}
		if q.Program != logfile.Own && !slices.Contains(names, q.Program) { // it becomes part of a path
			return fmt.Errorf("there are no logs of a program %.60q", q.Program)
		}
		query.Programs = []string{q.Program}
	}
	query.Warn = func(err error) { _ = each(control.LogLine{Warning: err.Error()}) }
	query.Idle = func() { _ = idle() } // where the client is gone, ctx ends
	return logread.Read(ctx, dir, query, func(l logread.Line) error { return each(lineOf(l)) })
}

func lineOf(l logread.Line) control.LogLine {
	line := control.LogLine{Program: l.Program, Generation: l.Generation, Stream: l.Stream, Partial: l.Partial, Message: string(l.Text)}
	if !l.Time.IsZero() {
		utc := l.Time.UTC()
		line.Time = &utc
	}
	if valid := strings.ToValidUTF8(line.Message, "\ufffd"); valid != line.Message {
		line.Message, line.Base64 = valid, slices.Clone(l.Text)
	}
	return line
}
