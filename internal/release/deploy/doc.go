// Package deploy puts a release in force and takes it back: a state machine whose every step is written down (package store) before it is
// taken.
//
//	candidate.go   the package's file, verified before a byte of it is unpacked
//	plan.go        what a deploy would do; all that can be refused is refused here
//	deploy.go      unpack → back up → switch → gate → keep, or undo
//	backup.go      a copy of what the definition names, before the switch
//	gate.go        does it come up, and stay up: readiness, then a soak without a fall
//	undo.go        back to the release before; what was interrupted
//	hooks.go       hooks/before
//
// It is a client of the running service's control socket: the supervisor reads a definition again, and knows of releases nothing.
package deploy

import (
	"context"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// Supervisor is what is asked of the running service; *[control.Client] is one.
type Supervisor interface {
	Status(ctx context.Context) (control.Status, error)
	Command(ctx context.Context, c control.Command) (control.Answer, error)
	Events(ctx context.Context, from control.From, each func(control.Event) error) error
	Incidents(ctx context.Context) ([]byte, error)
}

// Settings are how a deploy is judged. The names are those of Kubernetes' Deployments.
type Settings struct {
	MinReady         time.Duration // how long it must be ready without a fall; more than 0, at most an hour
	ProgressDeadline time.Duration // how long that may take altogether
	HistoryLimit     int           // how many releases stay on the disk; at least 2, or 0: all
	MaxAge           time.Duration // releases that were last deployed longer ago than that are removed; 0: none is
	MinFree          uint64        // what must stay free of the disk, bytes; older releases are removed for it
	HookTimeout      time.Duration // of hooks/before
	Again            bool          // take a release that has fallen here
	Downgrade        bool          // take one that is older than the current one
	Who              string        // for events and incidents
}
