// Package launch is the last step before exec: what must happen in a child between fork and the program's first
// instruction, and that Go's os/exec has no field for (rlimits, niceness, umask, capabilities, no_new_privs, LISTEN_PID).
//
// A Go program can't run its own code between fork and exec, and a limit set on a running child would come too late. So the
// keeper starts its own executable once more, with a [Plan] in an inherited memfd; that process, still under the pid
// that the program will have, carries the plan out on itself and execs the program in place:
//
//	keeper ── fork, exec ──► launcher (this package, same executable) ── exec, same pid ──► program
//
// [Start] is all that the keeper needs. Where the plan allows it, and nobody else could hold up the exec, it starts the program directly, with
// one fork and one exec, and has waited for the exec. The launcher is waited for by its status pipe, beside everything else: see Launching.
//
// The launcher runs in this package's init function, not in main: it needs package syscall alone, and doesn't wait for the
// initialization of the command line's packages. So every binary which can call Start, a test binary
// included, is its own launcher, and a test of the keeper never runs all its tests again by mistake.
//
// For the same reason the package imports nothing but syscall, strconv, errors and unsafe on Linux. A test holds it to that.
package launch
