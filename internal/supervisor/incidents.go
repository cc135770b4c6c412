package supervisor

import (
	"errors"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/incidentwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// openIncidents opens the incident record. Without it programs run all the same.
func (s *supervisor) openIncidents() {
	note, ensured := incident.TakeEnsureNote(s.place.Config, s.place.State)
	o := incident.Options{Service: s.def.Name, Start: incidentStart(s.hello), Reason: s.hello.Why, Absent: s.hello.Gone}
	if ensured {
		o.Outage = &incident.Outage{Kind: note.Kind, Cause: note.Cause, Action: actionOf(note), Ago: time.Since(note.Since)}
	}
	recorder, found, err := incident.Open(s.place.Incidents(), o)
	if err != nil { // the recorder is nil then, and does nothing
		s.warn("incidents", "incidents aren't recorded; programs run all the same: "+err.Error())
	}
	s.found = found
	if found.Broken > 0 {
		s.log.Warn("the incident record has lines that can't be read", "lines", found.Broken)
	}
	s.incidents = incidentwriter.New(recorder)
	if ensured {
		s.recordEnsure(note)
	}
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

// recordEnsure records what `daruma ensure` did from outside, as an incident of the service: that it was down, why, and that it was
// started. How long its programs were down, their own incidents say.
func (s *supervisor) recordEnsure(o incident.EnsureNote) {
	ago := max(time.Since(o.Since), 0)
	if s.found.Down != "" { // the record knows the time since which it was down
		ago = max(ago, s.found.Gone)
	}
	s.log.Warn(actionOf(o), "cause", o.Cause, "attempts", o.Attempts, "since", o.Since)
	s.incidents.Write(func(r *incident.Recorder, late time.Duration) {
		r.RecordFall(incident.Fall{Kind: o.Kind, Cause: o.Cause, Ago: ago + late})
		r.RecordAction(incident.Action{What: actionOf(o), Ago: max(time.Since(o.At), 0)})
		r.RecordRecovery(incident.Recovery{Ago: late})
	})
}

// actionOf says what ensure did. A note of a failure was left: whether its start went on, or somebody else started the service, is unknown.
func actionOf(o incident.EnsureNote) string {
	if o.Failed {
		return "daruma ensure tried to start the service, and got an error"
	}
	return o.Action
}

// recordRefusedStart records that a start of the service was refused: its programs are down until a start succeeds. Only where a service
// manager started it: it was to run then, while a person before a terminal may have tried something.
func (s *supervisor) recordRefusedStart(refused error) {
	if !s.hello.Hosted {
		return
	}
	text := "the service's start was refused: " + refusalText(refused)
	outage := &incident.Outage{Kind: incident.Service, Cause: text, Action: text, Ago: time.Since(s.since)}
	if s.def != nil {
		outage.Programs = programNames(s.def)
	}
	if s.incidents != nil {
		s.incidents.Write(func(r *incident.Recorder, late time.Duration) {
			outage.Ago += late
			r.RecordOutage(*outage)
		})
		s.incidents.Close()
		return
	}
	recorder, _, err := incident.Open(s.place.Incidents(), incident.Options{
		Service: s.cfg.Service, Start: incident.ServiceStarted, Reason: "the start was refused", Outage: outage})
	if err != nil {
		s.log.Error("the refused start isn't recorded", "error", err)
		return
	}
	incidentwriter.New(recorder).Close()
}

// refusalText gives the reason of a refused start: of a definition only where it is wrong, not what stands there.
func refusalText(refused error) string {
	var wrong definition.Errors
	if errors.As(refused, &wrong) {
		return events.Places(wrong)
	}
	return refused.Error()
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
	if h.Upgraded {
		return incident.Upgraded
	}
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
		if x.At > 0 {
			f.Ago = max(monotonic.Now()-x.At, 0) // the supervisor may have been away when the run ended
		}
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
