// Package notify is the channel on which a supervised program says how it is: lines KEY=VALUE with the words of
// sd_notify(3), from package service in the program, through a pipe, to daruma's supervisor.
//
//	READY=1                    it serves; READY=0 [reason]: it doesn't at the moment
//	WATCHDOG=1                 its heartbeat; WATCHDOG=trigger: it found itself broken
//	LIVE=0 [reason]            it can't help itself: restart it; LIVE=1 takes that back
//	STATUS=text                what it is doing, for people
//	STOPPING=1                 it is on its way down
//	EXTEND_TIMEOUT_USEC=n      this phase needs at least n microseconds more, from now
//
// READY=0, LIVE=0 and LIVE=1 are ours; sd_notify has no words for that. Other words are passed over, so that a program
// may write whatever it would tell systemd.
//
// # The pipe
//
// The environment variable [EnvChannel] holds the number of the pipe's write end: a file descriptor on Linux, a handle's value
// on Windows. [Open] takes it and removes the variable, and nothing that the program starts inherits either. A line has
// at most [MaxLine] bytes: fewer than PIPE_BUF, so that lines of several writers never mix (pipe(7)). Writing never waits:
// where nobody reads and the pipe is full, the newest value of each word is kept and sent later.
//
// What comes out at the other end was written by a stranger: [Decoder] takes any bytes and remembers no more than a line,
// [State] keeps a fixed number of facts with texts that are safe to print.
package notify

// EnvChannel names the variable that holds the number of the pipe's write end, in decimal.
const EnvChannel = "DARUMA_NOTIFY"

// EnvWatchdog names the variable that holds the seconds within which the supervisor expects a WATCHDOG=1: a decimal
// fraction such as 0.5. Without it, no heartbeat is expected. Twice as often is the right rhythm, as with WATCHDOG_USEC.
const EnvWatchdog = "DARUMA_WATCHDOG_SECONDS"

// MaxLine is the longest line, in bytes, its newline included.
const MaxLine = 1024

// The words.
const (
	Ready         = "READY"
	Live          = "LIVE"
	Watchdog      = "WATCHDOG"
	Status        = "STATUS"
	Stopping      = "STOPPING"
	ExtendTimeout = "EXTEND_TIMEOUT_USEC"
)
