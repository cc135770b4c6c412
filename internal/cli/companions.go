package cli

import (
	"context"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/host"
)

// companion is something beside the service that belongs to its installation: it comes and goes with it.
type companion struct {
	what string // "event source"
	// add makes it what it should be and tells what that changes; with dryRun only that.
	add    func(ctx context.Context, def *definition.Service, executable string, dryRun bool) ([]host.Change, error)
	remove func(ctx context.Context, name string) ([]host.Change, error)
}

// companions are added in this order and removed in the reverse.
func companions() []companion {
	return []companion{
		{"read access", addReadAccess, removeReadAccess},
		{"event source", addEventSource, removeEventSource},
		{"fallback", addFallback, removeFallback},
	}
}

func addEventSource(_ context.Context, def *definition.Service, executable string, dryRun bool) ([]host.Change, error) {
	problems, err := host.CheckEventSource(def.Name, executable)
	if err != nil || len(problems) == 0 {
		return nil, err
	}
	if !dryRun {
		if err := host.RegisterEventSource(def.Name, executable); err != nil {
			return nil, err
		}
	}
	return []host.Change{{Setting: "event source " + def.Name, To: executable}}, nil
}

func removeEventSource(_ context.Context, name string) ([]host.Change, error) {
	return nil, host.UnregisterEventSource(name)
}
