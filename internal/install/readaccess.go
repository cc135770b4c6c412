package install

import (
	"context"
	"errors"
	"io/fs"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// addReadAccess lets the service read its definition and env files: daruma import writes a definition that only administrators can
// read, and so does everybody with a secret in it; likewise observe.yaml and the secrets that it names. SYSTEM may read everything anyway.
func addReadAccess(_ context.Context, def *definition.Service, _ string, dryRun bool) ([]manager.Change, error) {
	if def.Account == manager.AccountSystem {
		return nil, nil
	}
	var all []manager.Change
	for _, file := range readFiles(def) {
		if !exists(file) {
			continue // Check has warned of it, or it is about to be written into our own folder
		}
		changes, err := access.GrantRead(def.Name, def.Account, file, dryRun)
		if err != nil {
			return all, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

func readFiles(def *definition.Service) []string {
	files := []string{def.File}
	for i := range def.Programs {
		files = append(files, def.Programs[i].EnvFiles...)
	}
	for _, f := range observerFiles(def) {
		files = append(files, f.Path)
	}
	return files
}

// removeReadAccess takes it back, from the files that the definition names now.
func removeReadAccess(_ context.Context, name string) ([]manager.Change, error) {
	place, err := folders.Installed(name)
	if err != nil {
		return nil, err
	}
	installed, err := record.Load(place.Config)
	if errors.Is(err, record.ErrNone) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	files := []string{installed.Definition}
	if def, err := Load(installed.Definition, installed.Spec.Env); err == nil {
		files = readFiles(def)
	}
	var all []manager.Change
	for _, file := range files {
		changes, err := access.RevokeRead(name, file)
		if err != nil {
			return all, err
		}
		all = append(all, changes...)
	}
	return all, nil
}
