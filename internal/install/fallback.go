package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// managerMargin is what the service manager gets beyond its longest delay before the fallback starts the service itself.
const managerMargin = 15 * time.Second

// wantsFallback: as the definition says, else as the system needs it.
func wantsFallback(def *definition.Service) bool {
	if def.Fallback.Enabled != nil {
		return *def.Fallback.Enabled
	}
	return fallbackByDefault
}

func fallbackOf(def *definition.Service, executable string) (manager.Fallback, error) {
	f := manager.Fallback{
		Name: def.Name, DisplayName: def.DisplayName, Executable: executable,
		Every: def.Fallback.Every, WakeToRun: def.Fallback.WakeToRun, Patience: managerMargin,
	}
	if delays := manager.DefaultRecovery().Delays; len(delays) > 0 {
		f.Patience += delays[len(delays)-1]
	}
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return f, err
		}
		f.Home = abs
	}
	return f, nil
}

// addFallback adds, changes or removes the fallback, as the definition says.
func addFallback(ctx context.Context, def *definition.Service, executable string, dryRun bool) ([]manager.Change, error) {
	var services manager.Manager
	if !wantsFallback(def) {
		there, err := services.HasTask(ctx, def.Name)
		if err != nil || !there {
			return nil, err
		}
		if dryRun {
			return []manager.Change{{Setting: "fallback of " + def.Name, From: "registered"}}, nil
		}
		return removeFallback(ctx, def.Name)
	}
	f, err := fallbackOf(def, executable)
	if err != nil {
		return nil, err
	}
	if err := checkTaskFolder(); err != nil {
		return nil, err
	}
	do := services.RegisterTask
	if dryRun {
		do = services.PlanTask
	}
	changes, err := do(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%w (without it: fallback: {enabled: false} in the definition)", err)
	}
	return changes.Changed, nil
}

func removeFallback(ctx context.Context, name string) ([]manager.Change, error) {
	changes, err := manager.Manager{}.UnregisterTask(ctx, name)
	return changes.Changed, err
}

// SaveRecord records what was installed, for ensure and doctor.
func (i *Installation) SaveRecord() error {
	r := record.Record{Spec: i.Spec, Definition: i.Definition.File}
	if i.Text != nil {
		r.Written = sum(i.Text)
	} else if before, err := record.Load(i.Folders.Config); err == nil && before.Definition == r.Definition {
		r.Written = before.Written
	}
	if wantsFallback(i.Definition) {
		f, err := fallbackOf(i.Definition, i.Spec.Executable)
		if err != nil {
			return err
		}
		r.Fallback = &f
	}
	return record.Save(i.Folders.Config, r)
}
