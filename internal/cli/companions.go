package cli

import (
	"context"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/host"
)

// companion is something beside the service that belongs to its installation: it comes and goes with it.
type companion struct {
	what   string // "event source"
	add    func(ctx context.Context, def *definition.Service, executable string, dryRun bool) ([]host.Change, error)
	remove func(ctx context.Context, name string) ([]host.Change, error)
}

// companions are added in this order and removed in the reverse.
func companions() []companion { return systemCompanions() }
