package incident

import (
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	maxOutputLines = 20
	maxOutputLine  = 500  // bytes
	maxText        = 1000 // bytes of any text a caller gives
)

// state is each program's latest incident and whether the program is wanted. Its methods turn what callers record into lines of the
// file. It knows nothing of files and clocks.
type state struct {
	service string
	relapse Millis
	seq     uint64
	latest  map[string]*Incident // by program: the one that has it down, or the last that did
	wanted  map[string]bool
	stopped map[string]Millis // programs that aren't wanted because the service ended, and since when
	emit    func(line)
}

// now is the moment at which something is recorded: its place on the time line, and what the wall clock shows.
type now struct {
	t  Millis
	at time.Time
}

// before gives the moment that lies so long before n.
func (n now) before(ago time.Duration) now {
	if ago <= 0 {
		return n
	}
	return now{t: max(n.t-Millis(ago), timeBegins), at: n.at.Add(-ago)}
}

func (l *state) line(n now, kind lineType) line {
	l.seq++
	return line{Seq: l.seq, T: n.t, At: n.at.UTC().Round(0), Type: kind}
}

// put emits a line with the incident as it is now. The program's last output goes with the first line only: it is the longest part.
func (l *state) put(n now, kind lineType, i *Incident) {
	snapshot := *i
	i.LastOutput = nil
	out := l.line(n, kind)
	out.Incident = &snapshot
	l.emit(out)
}

func (l *state) fell(n now, f Fall) string {
	then := n.before(f.Ago)
	f.Cause = clip(f.Cause)
	i := l.latest[f.Program]
	if i == nil || !i.down() && (i.Outcome != Recovered || then.t-i.Until > l.relapse) {
		return l.begin(n, then, f)
	}
	if !i.down() { // it recovered, but not for long
		i.DownSince = max(then.t, i.Until)
		i.Until, i.Recovered, i.RecoveredAfter, i.RecoveredGeneration = 0, nil, 0, 0
	}
	i.Falls++
	i.Outcome, i.EndReason, i.LastCause = Ongoing, "", ""
	if f.Cause != i.Cause {
		i.LastCause = f.Cause
	}
	l.put(n, lineFell, i)
	return i.ID
}

func (l *state) begin(n, then now, f Fall) string {
	i := &Incident{
		ID: strconv.FormatUint(l.seq+1, 10), Service: l.service, Program: f.Program, Generation: f.Generation, Kind: f.Kind, Cause: f.Cause,
		ExitCode: f.ExitCode, Signal: f.Signal, Probe: f.Probe, ProbeError: clip(f.ProbeError), LastOutput: output(f.LastOutput),
		Falls: 1, Detected: then.at.UTC().Round(0), Outcome: Ongoing, From: then.t, DownSince: then.t,
	}
	l.latest[f.Program] = i
	l.put(n, lineBegin, i)
	return i.ID
}

func (l *state) acted(n now, a Action) {
	i := l.latest[a.Program]
	if i == nil || !i.down() {
		return
	}
	then := n.before(a.Ago)
	if i.Acted == nil {
		at := then.at.UTC().Round(0)
		i.Acted, i.ActedAfter = &at, max(then.t-i.From, 0)
	}
	i.Action = clip(a.What)
	if a.Generation != 0 {
		i.Restarts++
	}
	l.put(n, lineActed, i)
}

func (l *state) recovered(n now, r Recovery) {
	i := l.latest[r.Program]
	if i == nil || !i.down() {
		return
	}
	then := n.before(r.Ago)
	i.endDown(then.t)
	at := then.at.UTC().Round(0)
	i.Recovered, i.RecoveredAfter, i.RecoveredGeneration = &at, i.Until-i.From, r.Generation
	if i.Outcome == Ongoing {
		i.Outcome = Recovered
	}
	l.put(n, lineRecovered, i)
}

func (l *state) ended(n now, program string, o Outcome, reason string) {
	l.close(n, program, o, reason)
	if o == Superseded {
		l.want(n, program, false, reason) // nobody else records it for a program that is gone
	}
}

func (l *state) close(n now, program string, o Outcome, reason string) {
	i := l.latest[program]
	if i == nil || !i.down() {
		return
	}
	if i.Outcome == Ongoing {
		i.Outcome, i.EndReason = o, clip(reason)
	}
	if o != GaveUp {
		i.endDown(n.t)
	}
	l.put(n, lineClosed, i)
}

// want marks a program as wanted or not; "" stands for all that are known.
func (l *state) want(n now, program string, wanted bool, reason string) {
	programs := []string{program}
	if program == "" {
		programs = programs[:0]
		for p := range l.wanted {
			programs = append(programs, p)
		}
		sort.Strings(programs)
	}
	for _, p := range programs {
		if l.wanted[p] == wanted {
			continue
		}
		if !wanted {
			l.close(n, p, Stopped, reason)
		}
		l.mark(n, p, wanted, reason)
	}
}

// mark records whether a program is wanted from n on.
func (l *state) mark(n now, program string, wanted bool, reason string) {
	l.wanted[program] = wanted
	kind := lineWanted
	delete(l.stopped, program)
	if !wanted {
		kind = lineUnwanted
		if reason == ServiceStopped {
			l.stopped[program] = n.t
		}
	}
	out := l.line(n, kind)
	out.Program, out.Reason = program, clip(reason)
	l.emit(out)
}

// outage records that programs are down because the service is. One that is down already has its incident, and gets the action.
func (l *state) outage(n now, o Outage) {
	programs := o.Programs
	if programs == nil {
		programs = sorted(l.wanted)
	}
	for _, p := range programs {
		wanted, known := l.wanted[p]
		i, then := l.latest[p], n.before(o.Ago)
		if wanted && i != nil && i.down() {
			if o.Action != "" && i.Action != clip(o.Action) {
				l.acted(n, Action{Program: p, What: o.Action})
			}
			continue
		}
		if i != nil {
			then.t = max(then.t, i.Until)
		}
		if !wanted {
			since, stopped := l.stopped[p]
			if known && !stopped {
				continue // somebody stopped it, or it has completed
			}
			then.t = max(then.t, since)
			l.mark(then, p, true, o.Cause)
		}
		l.begin(n, then, Fall{Program: p, Kind: o.Kind, Cause: clip(o.Cause)})
		if o.Action != "" {
			l.acted(n, Action{Program: p, What: o.Action})
		}
	}
}

// down tells whether the program is down because of this incident.
func (i *Incident) down() bool { return i.DownSince > 0 }

// endDown ends the down time at t.
func (i *Incident) endDown(t Millis) {
	t = max(t, i.DownSince)
	i.Down += t - i.DownSince
	i.DownSince, i.Until = 0, t
}

// clip bounds a caller's text.
func clip(s string) string { return cut(s, maxText) }

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func output(lines []string) []string {
	if len(lines) > maxOutputLines {
		lines = lines[len(lines)-maxOutputLines:]
	}
	var out []string
	for _, s := range lines {
		out = append(out, cut(s, maxOutputLine))
	}
	return out
}
