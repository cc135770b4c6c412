package launch

import "syscall"

// How is what a program is started with beyond its plan. Windows has no launcher.
type How struct {
	Stdio  [3]uintptr
	Listen []uintptr
	Sys    *syscall.SysProcAttr
}

// Start always fails: users, rlimits, niceness, umask, capabilities and LISTEN_FDS are Linux'.
func Start(Plan, How) (int, error) { return 0, unsupported("starting a program by a launch plan") }

// Main always fails; see Start.
func Main(int) { panic(unsupported("the launcher")) }
