package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/namedfiles"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/service/manager"
)

// observer is an observe.yaml that is to be installed: daruma itself holds the observer up, by a definition that install writes.
type observer struct {
	file       string // observe.yaml, absolute
	executable string // daruma-observe
}

// checkTime is how long daruma-observe may take to read its file.
const checkTime = 30 * time.Second

// observerOf gives the observer that the file at path is for, nil where it is something else or can't be read.
func observerOf(path string) (*observer, error) {
	source, err := definition.Read(path)
	if err != nil || !definition.IsObserver(source) {
		return nil, nil // the definition's own error says why
	}
	o := &observer{}
	if o.file, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	o.executable, err = ObserverExecutable()
	return o, err
}

// ObserverExecutable finds daruma-observe beside daruma, or beside what that is a link to, and nowhere else: what PATH leads to may be a stranger's.
func ObserverExecutable() (string, error) {
	own, err := executable()
	if err != nil {
		return "", err
	}
	name := "daruma-observe"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	real, err := filepath.EvalSymlinks(own)
	if err != nil {
		return "", err
	}
	for _, beside := range []string{own, real} {
		path := filepath.Join(filepath.Dir(beside), name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the observer is an executable of its own, and isn't there: put daruma-observe of the same version beside %s "+
		"(from source: go build ./cmd/daruma-observe)", own)
}

// check has the observer itself read its file, in the environment that it will have. It is run only where nobody else could have put another
// program there.
func (o *observer) check(env []string) error {
	for _, path := range []string{o.executable, o.file} {
		if err := access.Exposed(path); err != nil {
			return fmt.Errorf("the observer can't be installed like this:\n%w", &UnsafeError{err})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.executable, "--check", o.file)
	cmd.Dir = filepath.Dir(o.executable)
	look := Environment(env)
	cmd.Env = append(cmd.Env, folders.InstalledVariable+"=1", "DARUMA_SERVICE="+readers.Observer)
	for _, v := range append(os.Environ(), env...) {
		name, _, _ := strings.Cut(v, "=")
		if value, ok := look(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && said.Len() > 0 {
		return &DefinitionError{errors.New(strings.TrimPrefix(strings.TrimSpace(said.String()), "daruma observe: "))}
	} else if err != nil {
		return fmt.Errorf("%s can't check %s: %w", o.executable, o.file, err)
	}
	return nil
}

// definition writes the YAML.
func (o *observer) definition(s Overrides) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by daruma install %s. Install that once more rather than edit this.\n", o.file)
	texts := Overrides{DisplayName: new(string), Description: new(string), StartType: s.StartType, Account: s.Account, DependsOn: s.DependsOn}
	*texts.DisplayName, *texts.Description = "daruma observer", "Shows daruma's services to Prometheus, and tells people what happens to them"
	if s.DisplayName != nil {
		texts.DisplayName = s.DisplayName
	}
	if s.Description != nil {
		texts.Description = s.Description
	}
	texts.head(&b, readers.Observer)
	b.WriteString("programs:\n  observer:\n    command:\n")
	for _, word := range []string{o.executable, o.file} {
		fmt.Fprintf(&b, "      - %s\n", quoted(literal(word)))
	}
	fmt.Fprintf(&b, "    workingDir: %s\n", quoted(literal(filepath.Dir(o.executable))))
	b.WriteString("    readinessProbe: {notify: {}}\n")
	return []byte(b.String())
}

// isObserver tells whether the definition is one that install writes for an observe.yaml.
func isObserver(def *definition.Service) bool { return def.Name == readers.Observer }

// observerFiles are the files that a service's observer reads: its observe.yaml, and what that names; other services have none. A path with a
// variable that only --env gives isn't among them.
func observerFiles(def *definition.Service) (files []namedfiles.File) {
	if !isObserver(def) {
		return nil
	}
	for i := range def.Programs {
		p := &def.Programs[i]
		script, _ := namedfiles.Script(p.WorkingDir, p.Command)
		source, err := definition.Read(script)
		if script == "" || err != nil {
			continue
		}
		files = append(files, namedfiles.File{Program: p.Name, Field: "command", Path: script, Use: namedfiles.Reads})
		for _, path := range definition.ObserverFiles(source, script, Environment(nil)) {
			f := namedfiles.File{Program: p.Name, Field: script, Path: path, Use: namedfiles.Reads}
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				f.Missing = fmt.Errorf("%s isn't there yet", path)
			}
			files = append(files, f)
		}
	}
	return files
}

// addReadersGroup makes the group by which definitions name the observer among their readers. It is left when the observer is
// uninstalled: definitions may name it still.
func addReadersGroup(_ context.Context, def *definition.Service, _ string, dryRun bool) ([]manager.Change, error) {
	if !isObserver(def) {
		return nil, nil
	}
	return access.MakeGroup(readers.Observer, dryRun)
}

func keepReadersGroup(context.Context, string) ([]manager.Change, error) { return nil, nil }
