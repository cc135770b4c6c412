// Package exitcode lists what an installed service (daruma host) ends with. Windows shows the number as SERVICE_EXIT_CODE in
// sc query, systemd as the status of the main process. The numbers never change; docs/exit-codes.md lists them.
package exitcode

import "fmt"

// Code is the exit code of an installed service: 0 to 255, because POSIX keeps no more.
type Code int

// The codes. 80 to 84 and 130 are those of package service, which speaks with the service manager.
//
// Refused and ProgramsFailed tell systemd not to start the service again, so no death of the process may end with the same numbers. Go's
// runtime ends with 2 after a panic, a fatal error, SIGQUIT and SIGABRT, which is what systemd's watchdog sends.
const (
	Done         Code = 0
	Failed       Code = 1
	Crashed      Code = 2
	Panicked     Code = 80
	StartTimeout Code = 81
	StopTimeout  Code = 82
	Watchdog     Code = 83
	Manager      Code = 84
	Held         Code = 90
	Escalated    Code = 91
	NoSupervisor Code = 92
	NoFiles      Code = 93
	Unreadable   Code = 94
	Refused      Code = 95
	Restarting   Code = 96
	// ProgramsFailed is a failure that no recovery action of the Service Control Manager may follow either.
	ProgramsFailed Code = 97
	Interrupted    Code = 130
)

// Entry is what a code means.
type Entry struct {
	Code    Code
	Text    string // what happened
	Remedy  string // what to do about it
	Restart bool   // another start may go better: systemd tries again. The Service Control Manager tries again in every case but ProgramsFailed
}

// All are the codes in the order of their numbers.
func All() []Entry {
	return []Entry{
		{Done, "stopped as asked, or all programs are completed", "", false},
		{Failed, "failed for a reason that has no code", "its last lines say why: journalctl -u NAME (Windows: Get-WinEvent -ProviderName NAME), daruma logs NAME/daruma", true},
		{Crashed, "the keeper crashed: Go's runtime ended it, or a signal did (SIGABRT is systemd's watchdog)",
			"report it with the stacks in the system's log", true},
		{Panicked, "the keeper panicked: a bug of daruma's", "report it with the stack in the system's log", true},
		{StartTimeout, "the keeper didn't get to its work in time", "the stacks are in the system's log; is a disk hanging?", true},
		{StopTimeout, "the time to stop was over, and what was left was ended by force", "the event stopOverdue names the programs; " +
			"shorten their terminationGracePeriodSeconds, or give more time: daruma install --stop-timeout", true},
		{Watchdog, "the keeper's loop gave no sign of life in time", "the stacks are in the system's log; is a disk hanging?", true},
		{Manager, "the service manager couldn't be reached", "start the service with sc, services.msc or systemctl", true},
		{Held, "another daruma holds the service", "daruma status NAME shows it; end the one in a terminal", true},
		{Escalated, "a program used up its maxRestarts, and then is escalate", "daruma incidents NAME says what fell and why", true},
		{NoSupervisor, "the supervisor couldn't be started", "is daruma's executable there, and may the service's account run it?", true},
		{NoFiles, "a file or folder of the service can't be made or written", "the message names it; check the disk and the account's rights", true},
		{Unreadable, "the definition can't be read, and no good one was ever loaded", "is the file there, and may the service's account read it?", true},
		{Refused, "the definition is refused, and no good one was ever loaded", "daruma check FILE lists every error", false},
		{Restarting, "a restart was ordered, and whoever ordered it was gone before the end: the service manager is to start the service", "", true},
		{ProgramsFailed, "all programs have ended for good, and not all of them have done their work", "daruma status NAME names one, daruma logs NAME/PROGRAM has its last words; daruma start NAME starts the service again", false},
		{Interrupted, "interrupted twice (Ctrl+C)", "", true},
	}
}

// String is what the code means, as a sentence.
func (c Code) String() string {
	for _, e := range All() {
		if e.Code == c {
			return e.Text
		}
	}
	return fmt.Sprintf("exit code %d", int(c))
}

// NoRestart are the codes of failures that another start doesn't cure: systemd is told not to try.
func NoRestart() []int {
	var list []int
	for _, e := range All() {
		if e.Code != Done && !e.Restart {
			list = append(list, int(e.Code))
		}
	}
	return list
}

// Plain is the exit code of `daruma run` where an installed service has c: scripts know 0, 1 and 2.
func (c Code) Plain() Code {
	switch c {
	case Refused, Unreadable:
		return 2 // what every verb ends with where a definition is wrong
	case Held, Escalated, NoSupervisor, NoFiles, ProgramsFailed:
		return Failed
	}
	return c
}

// Error is an error with a code.
type Error struct {
	Code Code
	Err  error
}

// Error is the text of the error alone.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the error without the code.
func (e *Error) Unwrap() error { return e.Err }
