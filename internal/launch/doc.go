// Package launch is the last step before exec: what must happen in a child between fork and the program's first
// instruction, and that Go's os/exec has no field for (rlimits, niceness, umask, capabilities, no_new_privs, LISTEN_PID).
//
// Go can't run code of its own between fork and exec, and a limit set on a running child would come too late. So the
// keeper starts its own executable once more, with a [Plan] in an inherited memfd; that process, still under the pid
// that the program will have, carries the plan out on itself and execs the program in place:
//
//	keeper ── fork, exec ──► launcher (this package, same executable) ── exec, same pid ──► program
//
// [Start] is all that the keeper needs. It takes the direct way (one fork, one exec) where the plan allows it.
//
// The launcher runs in this package's init function, not in main: package syscall is all it waits for, so that none of the
// command line's packages cost it a microsecond. It also means that every binary which can call Start, a test binary
// included, is its own launcher; a keeper test never runs itself again by mistake.
//
// For the same reason the package imports nothing but syscall, strconv, errors and unsafe. Keep it that way:
// a test says so.
package launch
