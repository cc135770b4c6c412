// Package systemlog writes what happens to a service into the operating system's own log, where administrators and monitoring
// look first: the Event Log's Application log on Windows, the journal on Linux. Every kind of event has an id that never
// changes; docs/events.md lists them. A flood of one kind becomes one event with a count, and nobody ever waits for the log.
package systemlog

import "github.com/daruma-sh/daruma/service/log/journal"

// Severity is how much an event matters, as the two highest bits of an event identifier.
// Source: https://learn.microsoft.com/windows/win32/eventlog/event-identifiers
type Severity uint32

// The severities.
const (
	Information Severity = 1
	Warning     Severity = 2
	Error       Severity = 3
)

// String is the word that Windows' Event Viewer shows.
func (s Severity) String() string {
	return [...]string{"", "Information", "Warning", "Error"}[s&3]
}

// customer is the bit of an event identifier that says that it isn't Microsoft's own.
const customer = 1 << 29

// Entry is one kind of event.
type Entry struct {
	ID       int    // 1001 … 1199, what Event Viewer and `daruma events -o json` show; never used again for another kind
	Kind     string // as in `daruma events`
	Severity Severity
	Quiet    bool   // only in `daruma events`: it says nothing that another event doesn't say
	Text     string // for the Event Log: %1 is the service, %2 the program, %3 the reason in words
	Meaning  string // for docs/events.md
}

// Identifier is the event identifier of 32 bits under which the text stands in daruma.exe's message table, and which ReportEvent
// gets: severity, the customer bit, the id. Event Viewer shows the lower half as the event's id and calls the upper half qualifiers.
func (e Entry) Identifier() uint32 { return uint32(e.Severity)<<30 | customer | uint32(e.ID) }

// MessageID is the MESSAGE_ID of the journal's entries of this kind: 128 bits as 32 hexadecimal digits.
func (e Entry) MessageID() string { return journal.MessageID("daruma", e.ID) }

// Kinds that this package itself knows. EventsLost is of this log alone; the others are kinds of control's events.
const (
	EventsLost     = "eventsLost"
	ServiceStopped = "serviceStopped" // nothing comes after it
	ServiceFailed  = "serviceFailed"  // nor after this
)

// Table gives every kind of event, by id. Ids from 1001 on, because those up to 1000 are those of package service's log
// records, which are written under the same source.
func Table() []Entry {
	t := table()
	return t[:]
}

func table() [41]Entry {
	return [...]Entry{
		{1001, "serviceStarted", Information, false, "Service %1 was started: %3.", "the service was started by the system, a person or a script"},
		{1002, "recoveredAfterBoot", Information, false, "Service %1 runs again after the system was started: %3.", "the first start of the service since the system was started"},
		{1003, ServiceStopped, Information, false, "Service %1 was stopped: %3.", "the service ended as it should; by whom is in the reason"},
		{1004, "escalated", Error, false, "Service %1 ends with a failure, so that the system restarts it: %3.", "a program used up its `maxRestarts`, and `then` is `escalate`"},
		{1005, "keeperFailed", Error, false, "daruma's keeper of service %1 ended unexpectedly: %3.", "the keeper fell, and the service's programs with it; told when that is seen, and when the system has started it again"},
		{1006, "supervisorReplaced", Warning, false, "The supervisor of service %1 was replaced while the programs ran on: %3.", "the supervisor fell or hung; the keeper started another"},
		{1007, "reloaded", Information, false, "Service %1 took over its changed definition: %3.", "a reload"},
		{1008, "reloadRefused", Warning, false, "The changed definition of service %1 was refused; the old one is in force: %3.", "`daruma check` says what is wrong"},
		{1009, "definitionRefused", Error, false, "The definition of service %1 was refused at its start: %3.", "the last good definition runs instead; where there is none the service can't start. `daruma check` says what is wrong"},
		{1010, "warning", Warning, false, "Service %1: %3.", "what an operator should know, as in `daruma status`"},
		{1011, "logLoss", Warning, false, "Output of program %2 of service %1 is being lost: %3.", "output can't be written, mostly because the disk is full"},
		{1012, "logLossEnded", Information, false, "Output of program %2 of service %1 is written again: %3.", "after `logLoss`"},
		{1013, EventsLost, Warning, false, "Events of service %1 could not be written here: %3. `daruma events` has them.", "this log took events more slowly than they came"},
		{1014, "stopOverdue", Error, false, "Service %1 didn't stop within its time: %3.", "what was left was ended by force; the service ends with exit code 82"},
		{1015, "suspended", Information, false, "The machine is about to sleep, and service %1 with it: %3.", "Windows says so beforehand; Linux doesn't"},
		{1016, "wokeUp", Information, false, "The machine woke up, and service %1 goes on: %3.", "probes begin anew, `onResume` hooks run"},
		{1017, "sessionChanged", Information, true, "Somebody's session changed while service %1 ran: %3.", "a logon, logoff, lock … (Windows)"},
		{1018, "controlReceived", Information, true, "Service %1 received a control code: %3.", "`sc control` or `daruma control`; `onControl` hooks run"},
		{1019, ServiceFailed, Error, false, "Service %1 ended by itself: %3.", "nothing was left to run, and not all programs had done their work; the service ends with exit code 97, and nobody starts it again before a person does or the machine"},
		{1020, "upgraded", Information, false, "Service %1 is run by another daruma now; its programs ran on: %3.", "`daruma upgrade`"},
		{1021, "upgradeFailed", Warning, false, "Service %1 is run by the same daruma as before; an upgrade failed: %3.", "`daruma upgrade`; the programs ran on"},

		{1101, "waiting", Information, true, "Program %2 of service %1 waits: %3.", "for a program it depends on"},
		{1102, "starting", Information, true, "Program %2 of service %1 is being started: %3.", "a process is created, startup probe and postStart follow"},
		{1103, "started", Information, false, "Program %2 of service %1 is started: %3.", "its process runs, its startup probe succeeded"},
		{1104, "ready", Information, false, "Program %2 of service %1 is ready: %3.", "its readiness probe succeeds (without one: it is started)"},
		{1105, "notReady", Warning, false, "Program %2 of service %1 is no longer ready: %3.", "its readiness probe fails; it isn't restarted for that"},
		{1106, "unhealthy", Warning, false, "Program %2 of service %1 is unhealthy and will be restarted: %3.", "its liveness or startup probe, or postStart failed"},
		{1107, "exited", Information, true, "A run of program %2 of service %1 ended: %3.", "asked for or not; what follows has an event of its own"},
		{1108, "restarting", Warning, false, "Program %2 of service %1 fell and was restarted at once: %3.", "the first restart after a fall"},
		{1109, "backoff", Warning, false, "Program %2 of service %1 keeps falling; it is restarted after a pause: %3.", "a crash loop: one event with the number of further falls"},
		{1110, "stopping", Information, true, "Program %2 of service %1 is being stopped: %3.", "each step of a stop"},
		{1111, "stopped", Information, false, "Program %2 of service %1 is stopped: %3.", "asked for; by whom is in the reason where it was said"},
		{1112, "completed", Information, false, "Program %2 of service %1 has done its work: %3.", "it ended as it should and isn't started again"},
		{1113, "failed", Error, false, "Program %2 of service %1 was given up: %3.", "`restartPolicy`, `exitCodes` or `maxRestarts` forbid another start"},
		{1114, "paused", Information, false, "Program %2 of service %1 is paused: %3.", "its processes stand still"},
		{1115, "resumed", Information, false, "Program %2 of service %1 goes on: %3.", "after `paused`"},
		{1116, "hookDone", Information, true, "A hook of program %2 of service %1 is done: %3.", "`onControl` or `onResume`"},
		{1117, "hookFailed", Warning, false, "A hook of program %2 of service %1 failed: %3.", "`onControl` or `onResume`; the program runs on"},

		// Lines of the stream itself. They are never written to the system's log, and have ids all the same: none may become another's.
		{1190, "heartbeat", Information, true, "Nothing happened in service %1.", "nothing happened for 15 s"},
		{1191, "lagged", Warning, true, "Events of service %1 were missed: %3.", "the stream's reader was too slow"},
		{1199, "unknown", Warning, false, "Service %1, program %2: %3.", "a kind that this table doesn't have: a bug of daruma's"},
	}
}

// Find gives a kind's entry; one that isn't in the table gets that of "unknown".
func Find(kind string) Entry {
	t := table()
	for _, e := range &t {
		if e.Kind == kind {
			return e
		}
	}
	return t[len(t)-1]
}
