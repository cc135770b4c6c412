package install

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

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

// readFiles are the files that the account is let in to: those that the service itself reads, and what a release's conf/ has of the machine's own,
// which may be closed to others because secrets are in it.
func readFiles(def *definition.Service) []string {
	files := append([]string{def.File}, configurationOf(def)...)
	for i := range def.Programs {
		files = append(files, def.Programs[i].EnvFiles...)
	}
	for _, f := range observerFiles(def) {
		files = append(files, f.Path)
	}
	return files
}

// configurationOf are the files in the conf/ of the release that a deploy has put in force; none for other definitions.
func configurationOf(def *definition.Service) (files []string) {
	if filepath.Dir(def.Dir) != filepath.Join(filepath.Dir(def.File), "releases") {
		return nil
	}
	// What can't be read is no reason to refuse: the program will say what it misses.
	_ = filepath.WalkDir(filepath.Join(def.Dir, "conf"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
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
