//go:build !linux && !windows

package service

import (
	"context"
	"os"
	"runtime"

	"github.com/daruma-sh/daruma/service/manager"
)

// platformSystems is one that runs programs and installs nothing: daruma knows no service manager of these systems. A chosen system is never
// nil there, as in the original, so that a program runs in a terminal, and under launchd or rc.d where somebody wrote their files.
func platformSystems() []System {
	return []System{platform{name: runtime.GOOS + "-none", detect: func() bool { return true }, interactive: interactive,
		serviceManager: func(*Config) serviceManager { return none{} }}}
}

// interactive is as in the original: false for a child of process 1, which is launchd on macOS.
func interactive() bool { return os.Getppid() != 1 }

// runWait is for all systems with signals in the original.
func runWait(kv KeyValue) func() { return value[func()](kv, "RunWait", nil) }

// remarks: the verbs fail anyway.
func remarks(*Config) []string { return nil }

// hangup: package service leaves SIGHUP to the program here.
func (r *runner) hangup() func(context.Context) error { return nil }

// none is no service manager: every verb fails with ErrNoServiceSystemDetected.
type none struct{}

func (none) install(context.Context) error   { return manager.ErrUnsupported }
func (none) uninstall(context.Context) error { return manager.ErrUnsupported }
func (none) start(context.Context) error     { return manager.ErrUnsupported }
func (none) stop(context.Context) error      { return manager.ErrUnsupported }
func (none) restart(context.Context) error   { return manager.ErrUnsupported }
func (none) status(context.Context) (manager.State, error) {
	return "", manager.ErrUnsupported
}
