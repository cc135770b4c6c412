package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/service/manager"
)

// Installation is one service that is about to be installed, with all that is known before anything is changed.
type Installation struct {
	Definition *definition.Service
	Text       []byte // of the definition, where Definition.File is to be written; nil: the file is there
	Folders    folders.Folders
	Times      Times
	Spec       manager.Spec // what the service manager is told
	Warnings   []string
	DryRun     bool

	observer *observer      // an observe.yaml that is to be installed; nil: a definition
	keys     signature.Keys // to be pinned; none: they stay as they are
	start    bool
	password PasswordSource
	edited   []byte // the definition that Text replaces, where somebody edited it
}

// Prepare reads and checks everything, and changes nothing. Errors: *UsageError, *DefinitionError, *UnsafeError.
func Prepare(r Request) (*Installation, error) {
	i := &Installation{DryRun: r.DryRun, keys: r.Keys, start: r.Start, password: r.Password}
	if err := i.load(r); err != nil {
		return nil, err
	}
	if r.Command == nil && i.observer == nil { // else they are in the definition
		r.apply(i.Definition)
	}
	if err := i.complete(r); err != nil {
		return nil, err
	}
	if err := i.Check(); err != nil {
		return nil, fmt.Errorf("%s can't be installed like this:\n%w", i.Definition.Name, err)
	}
	return i, nil
}

// New is an installation of a definition that is there already, or whose text is to be written to def.File. It is for whoever
// brings a service from elsewhere: Prepare does the same for install.
func New(def *definition.Service, text []byte, place folders.Folders, r Request) (*Installation, error) {
	i := &Installation{Definition: def, Text: text, Folders: place, DryRun: r.DryRun, start: r.Start, password: r.Password}
	return i, i.complete(r)
}

// load finds the definition: the file, the one that an earlier install NAME -- COMMAND… wrote, or a new one.
func (i *Installation) load(r Request) error {
	path, source := cmp.Or(r.File, definition.DefaultFile), []byte(nil)
	name := r.File
	var err error
	if r.Command == nil {
		if i.observer, err = observerOf(path); err != nil {
			return err
		}
	}
	if i.observer != nil {
		return i.loadObserver(r)
	}
	if r.Command != nil {
		name = r.Command.Name
		if source, err = r.Command.definition(r.Overrides); err != nil {
			return &UsageError{err}
		}
	}
	// A bare name may be that of the folder from which the service's releases are packed.
	info, err := os.Stat(path)
	noFile := errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir()
	if r.Command != nil || r.File != "" && noFile && !strings.ContainsAny(r.File, `./\`) {
		place, err := folders.Installed(name)
		if err != nil {
			return err
		}
		written := filepath.Join(place.Config, definition.DefaultFile)
		if _, err := os.Stat(written); r.Command != nil || err == nil {
			path = written
		}
	}
	if r.Command != nil {
		i.Definition, err = definition.Parse(source, path, Environment(r.Env))
		if have, err := os.ReadFile(path); err != nil || string(have) != string(source) {
			i.Text = source
		}
	} else if i.Definition, err = Load(path, r.Env); err != nil {
		if _, here := definition.Load(path, os.LookupEnv); here == nil {
			err = fmt.Errorf("%w\n(the variable is set in this terminal; a service doesn't see that: give --env NAME=VALUE, or write ${NAME:-default})", err)
		}
	}
	if err != nil {
		return &DefinitionError{err}
	}
	i.Folders, err = folders.Installed(i.Definition.Name)
	return err
}

// loadObserver makes the definition of the observer that an observe.yaml is for.
func (i *Installation) loadObserver(r Request) (err error) {
	if err = i.observer.check(r.Env); err != nil {
		return err
	}
	if i.Folders, err = folders.Installed(readers.Observer); err != nil {
		return err
	}
	path, source := filepath.Join(i.Folders.Config, definition.DefaultFile), i.observer.definition(r.Overrides)
	if have, err := os.ReadFile(path); err != nil || string(have) != string(source) {
		i.Text = source
	}
	if i.Definition, err = definition.Parse(source, path, Environment(r.Env)); err != nil {
		return &DefinitionError{err}
	}
	return nil
}

// OfAnObserver tells whether an observe.yaml was given, and no definition.
func (i *Installation) OfAnObserver() bool { return i.observer != nil }

// apply puts the settings into the definition.
func (o Overrides) apply(def *definition.Service) {
	for _, setting := range []struct {
		value *string
		field *string
	}{
		{o.DisplayName, &def.DisplayName}, {o.Description, &def.Description}, {o.StartType, &def.StartType}, {o.Account, &def.Account},
	} {
		if setting.value != nil {
			*setting.field = *setting.value
		}
	}
	if o.DependsOn != nil {
		def.DependsOn = *o.DependsOn
	}
}

// complete works out the times and what the service manager is told.
func (i *Installation) complete(r Request) error {
	if wrong := launchplan.Unenforceable(i.Definition); wrong != nil { // what is beyond the hard limits, the unit will allow
		return &DefinitionError{wrong}
	}
	i.Times = timesOf(i.Definition)
	if r.StartTimeout != nil {
		i.Times.Start = *r.StartTimeout
	}
	if r.StopTimeout != nil {
		i.Times.Stop = *r.StopTimeout
	}
	if i.Times.Start <= 0 || i.Times.Stop <= 0 {
		return &UsageError{errors.New("--start-timeout and --stop-timeout must be more than 0")}
	}
	executable, err := executable()
	if err != nil {
		return err
	}
	if i.Spec, err = specOf(i.Definition, executable, i.Times, r.Env, r.Privileges); err != nil {
		return &UsageError{err}
	}
	return nil
}

// executable is the daruma that the service will be started by: this one, by the name that an upgrade will replace.
func executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("daruma was moved or replaced while it ran: %w", err)
	}
	return path, nil
}
