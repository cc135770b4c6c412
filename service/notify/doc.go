// Package notify is the protocol by which a supervised program reports its state to daruma's supervisor: lines KEY=VALUE, the
// messages of sd_notify(3), through a pipe. Package service speaks it for a program in Go.
//
//	READY=1                    it serves; READY=0 [reason]: it doesn't at the moment
//	WATCHDOG=1                 its heartbeat; WATCHDOG=trigger: it found itself broken
//	LIVE=0 [reason]            it can't help itself: restart it; LIVE=1 takes that back
//	STATUS=text                what it is doing, for people
//	STOPPING=1                 it is stopping
//	EXTEND_TIMEOUT_USEC=n      this phase needs at least n microseconds more, from now
//
// READY=0, LIVE=0 and LIVE=1 are daruma's own; sd_notify has nothing for that. Other messages are ignored, so that a program
// may send whatever it would send to systemd.
//
// # The program's end
//
// [Open] takes the pipe that the environment variable [EnvChannel] names, and [Channel.Send] sends through it. The variable
// holds the number of the pipe's write end: a file descriptor on Linux, a handle's value on Windows. Open removes the variable,
// and no process that the program starts inherits either of them. A line has at most [MaxLine] bytes: fewer than PIPE_BUF, so that lines of
// several writers never mix (pipe(7)). Sending never waits: where nobody reads and the pipe is full, the newest message of each key is kept
// and sent later.
//
// # The supervisor's end
//
// What arrives was written by a program that nobody vouches for. [Decoder] takes any bytes and keeps no more than a line. [State] keeps a fixed
// number of facts, with texts that are safe to print.
package notify
