package notice

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// incidentDue gives what is to be told of an incident now, if anything, and whether that was the last.
func (s *State) incidentDue(o *Open, now time.Time) (n *Notice, ended bool) {
	i := &o.incident
	if i.ID == "" {
		return nil, false // the record wasn't read yet since this process began
	}
	if i.DownSince != 0 {
		return s.downDue(o, now), false
	}
	item := s.item(i)
	stopped := i.Outcome == incident.Stopped || i.Outcome == incident.Superseded
	if !stopped && !passed(now, o.since, i.Detected.Add(i.RecoveredAfter.Duration()), Settle) {
		return nil, false
	}
	item.Stopped, item.Took = stopped, (i.Until - i.From).Duration()
	switch {
	case o.Told != "":
		return s.about(o.Told, true, item), true
	case i.Kind == incident.Machine:
		return s.about(Boot, false, item), true
	}
	return s.gather(i, item, now), true
}

// downDue is [State.incidentDue] of a program that is down.
func (s *State) downDue(o *Open, now time.Time) *Notice {
	i := &o.incident
	switch {
	case i.Outcome == incident.GaveUp && o.Told != GaveUp:
		o.Told = GaveUp
	case i.Outcome != incident.GaveUp && o.Told == "" && (i.Falls >= LoopFalls || passed(now, o.first, i.Detected, Hold)):
		o.Told = Fell
	default:
		return nil
	}
	item := s.item(i)
	item.Took = max(now.Round(0).Sub(i.Detected), 0)
	return s.about(o.Told, false, item)
}

// item says what an incident is about.
func (s *State) item(i *incident.Incident) Item {
	item := Item{
		Key:     fmt.Sprintf("%s/%s@%d", s.Service, Clip(i.ID, maxName), i.Detected.UnixMilli()),
		Program: Clip(i.Program, maxName), At: i.Detected, Cause: Clip(i.Cause, maxText), LastCause: Clip(i.LastCause, maxText), Falls: max(i.Falls, 1),
		Incidents: 1,
	}
	for _, line := range i.LastOutput[max(0, len(i.LastOutput)-maxOutput):] {
		item.Output = append(item.Output, Clip(line, maxOutputLine))
	}
	if i.Outcome == incident.GaveUp && i.EndReason != "" {
		item.LastCause = Clip(i.EndReason, maxText)
	}
	return item
}

// gather gives a brief incident to be told, or keeps it to be told with others.
func (s *State) gather(i *incident.Incident, item Item, now time.Time) *Notice {
	if s.Brief == nil {
		s.Brief = map[string]*Gathered{}
	}
	b := s.Brief[item.Program]
	if b == nil {
		if len(s.Brief) >= maxOpen {
			return s.about(briefKind(i.Program), false, item) // none is lost; the pace of the channels bounds what is sent
		}
		s.Brief[item.Program] = &Gathered{Told: now}
		return s.about(briefKind(i.Program), false, item)
	}
	if b.Item == nil {
		b.Item = &item
		return nil
	}
	was := b.Item
	was.Falls, was.Incidents = was.Falls+item.Falls, was.Incidents+1
	was.Took = max(was.Took, item.Took)
	was.LastCause, was.Output = item.Cause, item.Output
	return nil
}

// briefKind is that of a brief incident: the service's own is the death of its supervisor, or a start that had to be tried again.
func briefKind(program string) Kind {
	if program == "" {
		return Supervisor
	}
	return Brief
}

// briefDue gives the brief incidents that were gathered for long enough.
func (s *State) briefDue(now time.Time) []Notice {
	var due []Notice
	for _, program := range slices.Sorted(maps.Keys(s.Brief)) {
		b := s.Brief[program]
		if age := now.Sub(b.Told); age < BriefEvery && age >= 0 { // below 0: the clock was set back over a restart of this process
			continue
		}
		if b.Item == nil {
			delete(s.Brief, program)
			continue
		}
		due = append(due, *s.about(briefKind(program), false, *b.Item))
		*b = Gathered{Told: now}
	}
	return due
}
