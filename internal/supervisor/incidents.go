package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// openIncidents opens the incident record. Without it programs run all the same.
func (s *supervisor) openIncidents() {
	recorder, found, err := incident.Open(s.place.Incidents(), incident.Options{
		Service: s.def.Name, Start: incidentStart(s.hello), Reason: s.hello.Why, Absent: s.hello.Gone,
	})
	if err != nil { // the recorder is nil then, and does nothing
		s.warn("incidents", "what falls isn't recorded: "+err.Error())
	}
	s.found = found
	if found.Broken > 0 {
		s.log.Warn("the incident record has lines that can't be read", "lines", found.Broken)
	}
	s.incidents = incidentwriter.New(recorder)
	s.recordEnsure()
	for _, name := range found.Wanted {
		if s.def.Program(name) == nil { // it left the definition while no supervisor ran
			s.recordRemoved(name)
		}
	}
}

// recordRemoved ends the incidents of a program that left the definition.
func (s *supervisor) recordRemoved(name string) {
	s.incidents.Write(func(r *incident.Recorder, _ time.Duration) {
		r.CloseIncident(name, incident.Superseded, "no longer in the definition")
	})
}

// recordEnsure records what `daruma ensure` did from outside: that the service was down, why, and that it was started.
func (s *supervisor) recordEnsure() {
	o, ok := incident.TakeEnsureNote(s.place.Config, s.place.State)
	if !ok {
		return
	}
	ago := max(time.Since(o.Since), 0)
	s.log.Warn("daruma ensure started the service", "cause", o.Cause, "attempts", o.Attempts, "since", o.Since)
	s.incidents.Write(func(r *incident.Recorder, late time.Duration) {
		r.RecordFall(incident.Fall{Kind: incident.Keeper, Cause: o.Cause, Ago: ago + late})
		r.RecordAction(incident.Action{What: o.Action, Ago: max(time.Since(o.At), 0)})
		r.RecordRecovery(incident.Recovery{Ago: late})
	})
}

// resumeIncidents tells the engine which incidents are open: of programs that went down with the keeper or the machine. Those whose
// recovery a predecessor saw but didn't live to record are closed.
func (s *supervisor) resumeIncidents() {
	for _, open := range s.found.Open {
		p := s.engine.Program(open.Program)
		if p == nil {
			continue
		}
		if p.Ready {
			recovery := incident.Recovery{Program: p.Name, Generation: int(p.Generation)}
			s.incidents.Write(func(r *incident.Recorder, ago time.Duration) {
				recovery.Ago = ago
				r.RecordRecovery(recovery)
			})
			continue
		}
		s.engine.ResumeIncident(open.Program)
	}
}

// incidentStart says whether the service starts or a supervisor is replaced.
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
