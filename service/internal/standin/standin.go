// Package standin is how a test takes the place of what runs a service: package servicetest puts a [Manager] into the context that service.Run
// gets, and nothing is found out about the process then, no signal is taken, and the process isn't ended.
package standin

import (
	"context"
	"io"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// Manager stands in for a service manager. All fields are set.
type Manager struct {
	// Platform is told what the service reports.
	Platform platform.Platform
	// Connected is called before Service.Run is, with what asks the service to reload; nil where that has no OnReload.
	Connected func(reload func())
	// Exit is called where the process would be ended: the service doesn't end by itself. service.Run returns after it.
	Exit func(code int)
	// Stderr takes what would be written to stderr: stacks of a service that hangs.
	Stderr io.Writer
}

type key struct{}

// With gives a context whose service m runs.
func With(ctx context.Context, m *Manager) context.Context { return context.WithValue(ctx, key{}, m) }

// From gives the Manager of the context, nil where there is none.
func From(ctx context.Context) *Manager {
	m, _ := ctx.Value(key{}).(*Manager)
	return m
}
