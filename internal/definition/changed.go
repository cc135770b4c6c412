package definition

import (
	"reflect"
	"slices"
	"time"
)

// Changes are what a reload has to do: names of programs, in the order of the new definition (Removed: of the old one).
type Changes struct {
	Added, Removed []string
	Restarted      []string // changed in what a run is started with, or goes by
	Updated        []string // changed in what a run takes as it goes on: see [Program.UpdateSuffices]
	Unchanged      []string

	// Service: something differs that the operating system was told at install (name, displayName, description, startType, dependsOn,
	// account, fallback).
	Service bool
}

// Changed says what a reload from old to new has to do. A program has changed where anything of its definition differs, the expanded
// values of variables included, but not the contents of its envFiles, which are read at each start. The order of the programs in the
// file, comments and formatting are no change.
//
// Where the folder of the definition differs, every program is restarted, since commands are looked up from there.
func Changed(old, new *Service) Changes {
	var c Changes
	before := make(map[string]*Program, len(old.Programs))
	for i := range old.Programs {
		before[old.Programs[i].Name] = &old.Programs[i]
	}
	for i := range new.Programs {
		p := &new.Programs[i]
		was, known := before[p.Name]
		switch {
		case !known:
			c.Added = append(c.Added, p.Name)
		case old.Dir == new.Dir && p.Equal(was):
			c.Unchanged = append(c.Unchanged, p.Name)
		case old.Dir == new.Dir && was.UpdateSuffices(p):
			c.Updated = append(c.Updated, p.Name)
		default:
			c.Restarted = append(c.Restarted, p.Name)
		}
		delete(before, p.Name)
	}
	for i := range old.Programs {
		if name := old.Programs[i].Name; before[name] != nil {
			c.Removed = append(c.Removed, name)
		}
	}
	c.Service = old.Name != new.Name || old.DisplayName != new.DisplayName || old.Description != new.Description ||
		old.StartType != new.StartType || old.Account != new.Account || !slices.Equal(old.DependsOn, new.DependsOn) ||
		!old.Fallback.Equal(new.Fallback)
	return c
}

// Equal reports whether two programs are defined alike.
func (p *Program) Equal(q *Program) bool { return reflect.DeepEqual(p, q) }

// Equal reports whether two probes are defined alike; nil is no probe.
func (p *Probe) Equal(q *Probe) bool { return reflect.DeepEqual(p, q) }

// UpdateSuffices reports whether a run of p can go on as one of q: only what is done about it differs (probes, restarts, hooks, its stop, what it
// waits for, the settings of the log), and nothing that it was started with. Of those that is the form of the log, text or json, which decides whether stdout and stderr are one pipe; the notify
// channel; and how often it has to give a sign of life there, which a variable told it.
func (p *Program) UpdateSuffices(q *Program) bool {
	if p.Logs.Format != q.Logs.Format || p.Notifies() != q.Notifies() || p.watchdogPeriod() != q.watchdogPeriod() {
		return false
	}
	same := *p
	same.Logs, same.StartupProbe, same.LivenessProbe, same.ReadinessProbe = q.Logs, q.StartupProbe, q.LivenessProbe, q.ReadinessProbe
	same.RestartPolicy, same.Backoff, same.ExitCodes, same.MaxRestarts = q.RestartPolicy, q.Backoff, q.ExitCodes, q.MaxRestarts
	same.PostStart, same.PreStop, same.OnResume, same.OnControl = q.PostStart, q.PreStop, q.OnResume, q.OnControl
	same.StopSignal, same.TerminationGracePeriod, same.DependsOn = q.StopSignal, q.TerminationGracePeriod, q.DependsOn
	return same.Equal(q)
}

// RestartsAlike reports whether the same follows from the end of a run of p and of q.
func (p *Program) RestartsAlike(q *Program) bool {
	return p.RestartPolicy == q.RestartPolicy && p.Backoff == q.Backoff && slices.Equal(p.ExitCodes, q.ExitCodes) &&
		reflect.DeepEqual(p.MaxRestarts, q.MaxRestarts)
}

// Equal reports whether two handlers are defined alike; nil is no handler.
func (h *Handler) Equal(other *Handler) bool { return reflect.DeepEqual(h, other) }

// watchdogPeriod is what the program is told of its livenessProbe; 0: nothing.
func (p *Program) watchdogPeriod() time.Duration {
	if p.LivenessProbe == nil || p.LivenessProbe.Handler.Notify == nil {
		return 0
	}
	return p.LivenessProbe.Period
}
