package cli

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
	"github.com/daruma-sh/daruma/service/manager"
)

// installation is one call of install, from what was typed to what the service manager is told.
type installation struct {
	std     IO
	flags   installFlags
	changed func(flag string) bool // it was given
	quick   *quickService          // nil: a definition that is there

	def      *definition.Service
	place    folders.Folders
	write    []byte // the definition that is to be written to def.File, nil: it is there
	times    serviceTimes
	spec     manager.Spec
	warnings []string
}

// prepare reads and checks everything, and changes nothing.
func (i *installation) prepare(file string) error {
	if err := i.load(file); err != nil {
		return err
	}
	i.overrule()
	if err := i.setTimes(); err != nil {
		return err
	}
	executable, err := installedExecutable()
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if i.spec, err = specOf(i.def, executable, i.times, i.flags.env, i.flags.privileges); err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	i.warnings, err = refuseUnsafe(i.def, executable)
	if err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("%s can't be installed like this:\n%s", i.def.Name, bullets(err))}
	}
	return nil
}

// load finds the definition: the file, the one that an earlier install NAME -- COMMAND… wrote, or a new one.
func (i *installation) load(file string) error {
	path, source := cmp.Or(file, definitionFile), []byte(nil)
	if i.quick != nil {
		var err error
		if source, err = i.quick.definition(i.flags); err != nil {
			return &exitError{code: ExitUsage, err: err}
		}
	}
	name := file
	if i.quick != nil {
		name = i.quick.name
	}
	if _, err := os.Stat(path); i.quick != nil || file != "" && errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(file, `./\`) {
		place, err := folders.Installed(name)
		if err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		written := filepath.Join(place.Config, definitionFile)
		if _, err := os.Stat(written); i.quick != nil || err == nil {
			path = written
		}
	}
	env := serviceEnvironment(i.flags.env)
	var err error
	if i.quick != nil {
		i.def, err = definition.Parse(source, path, env)
		if have, err := os.ReadFile(path); err != nil || string(have) != string(source) {
			i.write = source
		}
	} else if i.def, err = definition.Load(path, env); err != nil {
		if _, here := definition.Load(path, os.LookupEnv); here == nil {
			err = fmt.Errorf("%w\n(the variable is set in this terminal; a service doesn't see that: give --env NAME=VALUE, or write ${NAME:-default})", err)
		}
	}
	if err != nil {
		fmt.Fprintln(i.std.Err, err)
		return &exitError{code: ExitUsage, err: err, silent: true}
	}
	i.place, err = folders.Installed(i.def.Name)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}

// overrule lets flags count instead of the definition.
func (i *installation) overrule() {
	if i.quick != nil {
		return // they are in the definition
	}
	for _, f := range []struct {
		flag, value string
		field       *string
	}{
		{"display-name", i.flags.displayName, &i.def.DisplayName}, {"description", i.flags.description, &i.def.Description},
		{"start-type", i.flags.startType, &i.def.StartType}, {"account", i.flags.account, &i.def.Account},
	} {
		if i.changed(f.flag) {
			*f.field = f.value
		}
	}
	if i.changed("depends-on") {
		i.def.DependsOn = i.flags.dependsOn
	}
}

func (i *installation) setTimes() error {
	i.times = timesOf(i.def)
	if i.changed("start-timeout") {
		i.times.start = i.flags.startTimeout
	}
	if i.changed("stop-timeout") {
		i.times.stop = i.flags.stopTimeout
	}
	if i.times.start <= 0 || i.times.stop <= 0 {
		return &exitError{code: ExitUsage, err: errors.New("--start-timeout and --stop-timeout must be more than 0")}
	}
	return nil
}

// installedExecutable is the daruma that the service will be started by: this one, by the name that an upgrade will replace.
func installedExecutable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("daruma was moved or replaced while it ran: %w", err)
	}
	return path, nil
}

// bullets puts each of joined errors on a line of its own.
func bullets(err error) string {
	return "  " + strings.ReplaceAll(err.Error(), "\n", "\n  ")
}
