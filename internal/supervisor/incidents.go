package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// ensured records what `daruma ensure` did from outside: that the service was down, why, and that it was started.
func (s *supervisor) ensured() {
	o, ok := incident.TakeOutside(s.place.Config, s.place.State)
	if !ok {
		return
	}
	ago := max(time.Since(o.Since), 0)
	s.log.Warn("daruma ensure started the service", "cause", o.Cause, "attempts", o.Attempts, "since", o.Since)
	s.incidents.Write(func(r *incident.Recorder, late time.Duration) {
		r.Fell(incident.Fall{Kind: incident.Keeper, Cause: o.Cause, Ago: ago + late})
		r.Acted(incident.Action{What: o.Action, Ago: max(time.Since(o.At), 0)})
		r.Recovered(incident.Recovery{Ago: late})
	})
}

// stillOpen tells the engine of what the record has down: those that fell with the keeper or the machine, and those whose recovery
// a predecessor saw but didn't live to write down.
func (s *supervisor) stillOpen() {
	for _, open := range s.found.Open {
		p := s.engine.Program(open.Program)
		if p == nil {
			continue
		}
		if p.Ready {
			stands := incident.Recovery{Program: p.Name, Generation: int(p.Generation)}
			s.incidents.Write(func(r *incident.Recorder, ago time.Duration) {
				stands.Ago = ago
				r.Recovered(stands)
			})
			continue
		}
		s.engine.ResumeIncident(open.Program)
	}
}

// incidentStart says what came before this supervisor.
func incidentStart(h *wire.Hello) incident.Start {
	if h.Sessions > 0 {
		return incident.SupervisorReplaced
	}
	return incident.ServiceStarted
}

// recordFailure writes a failure to the incident record, with what the run wrote last.
func (s *supervisor) recordFailure(e engine.OpenIncident) {
	f := incident.Fall{Program: e.Program, Generation: int(e.Generation), Kind: incident.Kind(e.Kind), Cause: e.Cause}
	switch e.Kind {
	case "livenessProbe", "startupProbe":
		f.Probe, f.ProbeError = e.Kind, e.Cause
	case "postStart":
		f.Kind = incident.StartupProbe
	}
	if x := e.Exit; x != nil {
		if x.Signal != 0 {
			f.Signal = signals.Name(x.Signal)
		} else if x.Error == "" {
			code := x.Code
			f.ExitCode = &code
		}
	}
	rt := s.runtimeOf(e.Program)
	s.incidents.WriteFailure(f, incidentwriter.Output{Captures: rt.outputs[e.Generation], Sink: rt.sink, Ended: e.Exit != nil})
}
