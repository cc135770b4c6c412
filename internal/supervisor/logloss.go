package supervisor

import (
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/logs"
)

// noteLogEvent tells the world that output can't be written, is lost, or is written again.
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
