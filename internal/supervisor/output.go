package supervisor

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
)

// drainTimeout is how long the output of an ended run may wait for a full disk. Then it is counted as lost.
const drainTimeout = 10 * time.Second

type outputFile struct {
	stream string
	file   *os.File
}

func outputFiles(streams []string, files []*os.File) []outputFile {
	var out []outputFile
	for i, f := range files {
		name := "stdout"
		if i < len(streams) {
			name = streams[i]
		}
		out = append(out, outputFile{name, f})
	}
	return out
}

// attacher is [logs.Sink.Attach] or [logs.Sink.Resume].
type attacher func(k *logs.Sink, generation int, stream string, end *os.File) (*logs.Copier, error)

// attach begins to copy a run's output into its log.
func (s *supervisor) attach(program string, generation uint64, files []outputFile, to attacher) {
	rt := s.runtimeOf(program)
	for _, f := range files {
		if f.stream == streamNotify {
			s.readNotifyChannel(program, generation, f.file)
			continue
		}
		if rt.sink == nil {
			s.discardOutput(f.file)
			continue
		}
		c, err := to(rt.sink, int(generation), f.stream, f.file)
		if err != nil {
			// The program must not block because its log can't be written: somebody has to read.
			s.warn("log "+program, "the output of "+program+" can't be logged: "+err.Error())
			s.discardOutput(f.file)
			continue
		}
		rt.outputs[generation] = append(rt.outputs[generation], c)
	}
}

func (s *supervisor) discardOutput(f *os.File) {
	go func() {
		_, _ = io.Copy(io.Discard, f)
		f.Close()
	}()
}

// drain copies the rest of an ended run's output, then lets the keeper close its ends of the pipes.
func (s *supervisor) drain(program string, generation uint64) {
	rt := s.runtimeOf(program)
	captures := rt.outputs[generation]
	if len(captures) == 0 {
		s.link.Send(&wire.Release{ID: program, Generation: generation})
		return
	}
	s.draining.Add(1)
	go func() {
		defer s.draining.Done()
		ctx, cancel := context.WithTimeout(s.drainContext, drainTimeout)
		defer cancel()
		for _, c := range captures {
			if err := c.Drain(ctx); err != nil {
				s.log.Warn("draining output", "program", program, "generation", generation, "error", err)
			}
		}
		s.mailbox.Post(func() {
			delete(rt.outputs, generation)
			s.link.Send(&wire.Release{ID: program, Generation: generation})
			if rt.closing && len(rt.outputs) == 0 {
				s.closeSink(rt)
			}
		})
	}()
}

// endDraining ends the copying of the programs' output when the service ends. What a full disk hasn't taken by then is lost, for nobody
// comes after us: it is counted, and said.
func (s *supervisor) endDraining() {
	before := map[string]int64{}
	for name, rt := range s.runtimes {
		if rt.sink != nil {
			before[name] = rt.sink.Stats().Lost
		}
	}
	drained := make(chan struct{})
	go func() { s.draining.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(drainCloseTimeout):
		s.giveUpDraining()
		select {
		case <-drained:
		case <-time.After(discardTimeout):
		}
	}
	for name, lost := range before {
		now := s.runtimes[name].sink.Stats()
		if n := now.Lost - lost; n > 0 {
			s.publish(control.Event{Program: name, Kind: control.EventLogLoss, Reason: fmt.Sprintf("the last %d bytes of its output are lost: %v", n, now.Err)})
		}
	}
}

// closeWhenDrained closes a removed program's log when everything is in it.
func (s *supervisor) closeWhenDrained(rt *programRuntime) {
	rt.closing = true
	if len(rt.outputs) == 0 {
		s.closeSink(rt)
	}
}

func (s *supervisor) closeSink(rt *programRuntime) {
	if rt.sink != nil {
		rt.sink.Close()
		rt.sink = nil
	}
}

// logEvent is called from the log copiers' goroutines.
func (s *supervisor) logEvent(e logs.Event) {
	s.mailbox.Post(func() { s.noteLogEvent(e) })
}

// noteLogEvent publishes that output can't be written, is lost, or is written again.
func (s *supervisor) noteLogEvent(e logs.Event) {
	kind := control.EventWarning
	subject := "log " + e.Program
	switch e.Kind {
	case logs.LossBegan:
		kind = control.EventLogLoss
		s.warnings[subject] = e.Program + ": " + e.String()
	case logs.Failing:
		s.warnings[subject] = e.Program + ": " + e.String()
	case logs.LossEnded:
		kind = control.EventLogLossEnded
		delete(s.warnings, subject)
	case logs.Recovered:
		delete(s.warnings, subject)
	}
	s.publish(control.Event{Program: e.Program, Kind: kind, Reason: e.String()})
}
