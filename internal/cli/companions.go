package cli

import (
	"context"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/service/manager"
)

// companion is something beside the service that belongs to its installation: it comes and goes with it.
type companion struct {
	what string // "event source"
	// add makes it what it should be and tells what that changes; with dryRun only that.
	add    func(ctx context.Context, def *definition.Service, executable string, dryRun bool) ([]manager.Change, error)
	remove func(ctx context.Context, name string) ([]manager.Change, error)
}

// companions are added in this order and removed in the reverse.
func companions() []companion {
	return []companion{
		{"read access", addReadAccess, removeReadAccess},
		{"event source", addEventSource, removeEventSource},
		{"fallback", addFallback, removeFallback},
	}
}

func addEventSource(_ context.Context, def *definition.Service, executable string, dryRun bool) ([]manager.Change, error) {
	problems, err := systemlog.CheckEventSource(def.Name, executable)
	if err != nil || len(problems) == 0 {
		return nil, err
	}
	if !dryRun {
		if err := systemlog.RegisterEventSource(def.Name, executable); err != nil {
			return nil, err
		}
	}
	return []manager.Change{{Setting: "event source " + def.Name, To: executable}}, nil
}

func removeEventSource(_ context.Context, name string) ([]manager.Change, error) {
	return nil, systemlog.UnregisterEventSource(name)
}
