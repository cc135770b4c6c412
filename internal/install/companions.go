package install

import (
	"context"
	"errors"
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// companion is something beside the service that belongs to its installation: it comes and goes with it.
type companion struct {
	name string // "event source"
	// add makes it what it should be and gives what that changes; with dryRun it changes nothing.
	add    func(ctx context.Context, def *definition.Service, executable string, dryRun bool) ([]manager.Change, error)
	remove func(ctx context.Context, name string) ([]manager.Change, error)
}

// companions are added in this order and removed in the reverse.
func companions() []companion {
	return []companion{
		{"group of readers", addReadersGroup, keepReadersGroup},
		{"read access", addReadAccess, removeReadAccess},
		{"event source", addEventSource, removeEventSource},
		{"fallback", addFallback, removeFallback},
	}
}

// AddCompanions makes what belongs beside the service what it should be. The error is *CompanionError.
func (i *Installation) AddCompanions(ctx context.Context) error {
	_, err := i.addCompanions(ctx, false)
	return err
}

func (i *Installation) addCompanions(ctx context.Context, dryRun bool) (all []manager.Change, err error) {
	for _, c := range companions() {
		changes, err := c.add(ctx, i.Definition, i.Spec.Executable, dryRun)
		if err != nil {
			return all, &CompanionError{c.name, err}
		}
		all = append(all, changes...)
	}
	return all, nil
}

// RemoveCompanions removes what belongs beside the service called name, the record of its installation, and the note whether it is to
// run. What isn't there is no error. The error may be *CompanionError; all is what was removed.
func RemoveCompanions(ctx context.Context, name string, place folders.Folders) (all []manager.Change, err error) {
	for _, c := range slices.Backward(companions()) {
		changes, err := c.remove(ctx, name)
		if err != nil {
			return all, &CompanionError{c.name, err}
		}
		all = append(all, changes...)
	}
	return all, errors.Join(record.Remove(place.Config), wanted.Forget(place.Config))
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
