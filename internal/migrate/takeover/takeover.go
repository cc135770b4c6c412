package takeover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/service/manager"
)

// Options are what a call may be asked for.
type Options struct {
	DryRun     bool   // show what would be done, change nothing
	Definition string // a file instead of the other service manager's settings; "": those
	Timeout    time.Duration
	Password   install.PasswordSource
	Report     Reporter
}

// Reporter prints what a call does, for whoever typed it. Nobody listening any more is no reason to stop half-way: so an error of
// Print counts only where nothing has been changed.
type Reporter interface {
	Print(text string) error              // whole lines
	Begin(doing string) (end func())      // something that may take a while
	Done(what string, took time.Duration) // one step
}

// replacement is one call.
type replacement struct {
	options  Options
	services manager.Manager
	name     string // daruma's
	place    folders.Folders
	store    Store
	journal  Journal
	found    Journal // as it was last read
	noted    bool    // there is one

	// Of Replace.
	source  nssm.Service
	remarks []nssm.Remark
	install *install.Installation
	plan    manager.Changes
}

// Replace makes the service of NSSM with this name daruma's. What was left by a call that was interrupted it finishes or takes back
// first. Errors: those of package install and of the service manager; after each, the service is NSSM's, or the error says what is.
func Replace(ctx context.Context, service string, o Options) error {
	r, err := begin(service, o)
	if err != nil {
		return err
	}
	return r.replace(ctx, service)
}

// Undo gives the service back to NSSM, as it was before Replace.
func Undo(ctx context.Context, service string, o Options) error {
	r, err := begin(service, o)
	if err != nil {
		return err
	}
	return r.undo(ctx, service)
}

// begin finds out what an earlier call has left.
func begin(service string, o Options) (*replacement, error) {
	r := &replacement{options: o, services: manager.Manager{Overwrite: true}, name: nssm.DefinitionName(service)}
	return r, r.load()
}

// load reads the journal.
func (r *replacement) load() error {
	var err error
	if r.place, err = folders.Installed(r.name); err != nil {
		return err
	}
	r.store = Store{Folder: filepath.Join(r.place.Config, "nssm")}
	r.found, r.noted, err = r.store.Load()
	r.journal = r.found
	if errors.Is(err, os.ErrPermission) {
		err = &manager.Error{Op: "reading", Name: r.store.Folder, Kind: manager.ErrRights, Cause: err,
			Remedy: "run it as administrator: right-click the terminal, Run as administrator"}
	}
	if err != nil || !r.noted {
		return err
	}
	// It decides what is registered, as whatever account it says. Everybody may make a folder in %ProgramData%.
	if err := access.Exposed(r.store.Folder); err != nil {
		return fmt.Errorf("what an earlier call has left can't be relied on: %w", err)
	}
	return nil
}

// locked keeps other calls for the same service out.
func (r *replacement) locked(do func() error) error {
	release, err := r.store.Lock()
	if errors.Is(err, ErrBusy) {
		err = fmt.Errorf("%s: %w", r.name, err)
	}
	if err != nil {
		return err
	}
	defer release()
	now, noted, err := r.store.Load()
	if err != nil {
		return err
	}
	if noted != r.noted || now != r.found {
		return fmt.Errorf("%s: another daruma has changed it meanwhile: check how it is, and call again", r.name)
	}
	return do()
}

// print prints a line of what is done.
func (r *replacement) print(format string, args ...any) {
	_ = r.options.Report.Print(fmt.Sprintf(format+"\n", args...))
}

// answer prints the line that the call ends with, where nothing was done.
func (r *replacement) answer(format string, args ...any) error {
	return r.options.Report.Print(fmt.Sprintf(format, args...))
}

// quotedName is a service's name as it is typed.
func quotedName(name string) string {
	if strings.ContainsAny(name, " \t&|<>^()'") {
		return `"` + name + `"`
	}
	return name
}
