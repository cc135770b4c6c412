package manager

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func installService(ctx context.Context, m Manager, spec Spec, dryRun bool) (Changes, error) {
	reader, err := openSCM(m, "installing", spec.Name, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return Changes{}, err
	}
	defer reader.close()
	reader.dependsOn = spec.DependsOn
	exists, err := reader.examine(spec)
	if err != nil {
		return Changes{}, err
	}
	changes, err := reader.compare(spec, exists)
	if err != nil || dryRun || changes.None() {
		return changes, err
	}
	running := false
	if exists {
		status, err := reader.status()
		if err != nil {
			return Changes{}, err
		}
		running = status.CurrentState != windows.SERVICE_STOPPED
	}
	reader.closeService()
	s, err := openSCM(m, "installing", spec.Name, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return Changes{}, err // no rights, and nothing was changed
	}
	defer s.close()
	s.dependsOn = spec.DependsOn
	if !exists {
		return s.create(ctx, spec)
	}
	if err := s.open(windows.SERVICE_QUERY_CONFIG | windows.SERVICE_CHANGE_CONFIG | windows.SERVICE_START | windows.SERVICE_QUERY_STATUS); err != nil {
		return Changes{}, err // SERVICE_START: who sets a restart action must be allowed to start
	}
	changes, err = s.apply(spec)
	if errors.Is(err, ErrMarkedForDeletion) {
		s.closeService()
		return s.create(ctx, spec)
	}
	if err == nil && running && !changes.None() {
		changes.remark("%s runs with the settings it was started with until it is restarted", spec.Name)
	}
	return changes, err
}

// examine opens the service for reading, if there is one, and refuses one that something else installed.
func (s *scm) examine(spec Spec) (exists bool, err error) {
	err = s.open(windows.SERVICE_QUERY_CONFIG | windows.SERVICE_QUERY_STATUS)
	if errors.Is(err, ErrNotInstalled) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if s.deleting() {
		s.closeService()
		return false, nil
	}
	return true, s.mayChange(spec.Executable)
}

// mayChange refuses a service that neither bears the mark nor runs this executable.
func (s *scm) mayChange(executable string) error {
	by, err := s.installedBy()
	if err != nil || s.Overwrite || by == markValue {
		return err
	}
	c, err := s.config()
	if err != nil {
		return s.fail("reading its settings", err)
	}
	line := windows.UTF16PtrToString(c.BinaryPathName)
	words, err := windows.DecomposeCommandLine(line)
	if err == nil && len(words) > 0 && strings.EqualFold(filepath.Clean(words[0]), filepath.Clean(executable)) {
		return nil
	}
	return &Error{Op: s.op, Name: s.name, Kind: ErrForeign, Detail: "it runs " + line,
		Remedy: "choose another name, or allow to overwrite it"}
}

// compare lists what differs, of a new service everything.
func (s *scm) compare(spec Spec, exists bool) (Changes, error) {
	if err := s.findAccount(spec); err != nil {
		return Changes{}, err
	}
	changes := Changes{Created: !exists}
	for _, setting := range s.settings(spec) {
		if s.wine && setting.volatile {
			changes.remark("this service manager (Wine) doesn't support %s", setting.name)
			continue
		}
		have := ""
		if exists {
			var err error
			if have, err = setting.read(); err != nil {
				return Changes{}, s.fail("reading "+setting.name, err)
			}
		}
		if have != setting.want {
			changes.Changed = append(changes.Changed, Change{setting.name, have, setting.want})
		}
	}
	s.notes(spec, &changes)
	return changes, nil
}

// notes adds what of spec this system can't store.
func (s *scm) notes(spec Spec, changes *Changes) {
	if spec.WorkingDir != "" {
		changes.remark("Windows starts every service in its system folder; the program must go to %s by itself", spec.WorkingDir)
	}
}

// lacks reports that Wine doesn't have a setting: ERROR_INVALID_LEVEL. On Windows the same answer is an error.
func (s *scm) lacks(err error) bool {
	return s.wine && (errors.Is(err, windows.ERROR_INVALID_LEVEL) || errors.Is(err, windows.ERROR_CALL_NOT_IMPLEMENTED))
}

// create makes the service, waiting where one of this name is still about to go.
func (s *scm) create(ctx context.Context, spec Spec) (Changes, error) {
	err := s.createService(spec)
	if errors.Is(err, ErrMarkedForDeletion) {
		if err := s.awaitGone(ctx); err != nil {
			return Changes{}, err
		}
		err = s.createService(spec)
	}
	if err != nil {
		return Changes{}, err
	}
	changes, err := s.apply(spec)
	if err != nil {
		// Half a service would start without its recovery actions: none at all is better.
		return Changes{}, errors.Join(err, windows.DeleteService(s.service))
	}
	all, err := s.compare(spec, false)
	all.Remarks = changes.Remarks
	return all, err
}

func (s *scm) createService(spec Spec) error {
	texts := make([]*uint16, 3)
	for i, text := range []string{spec.Name, displayName(spec), commandLine(spec)} {
		var err error
		if texts[i], err = windows.UTF16PtrFromString(text); err != nil {
			return s.fail("", err)
		}
	}
	var err error
	// Without an account it is LocalSystem's.
	s.service, err = windows.CreateService(s.manager, texts[0], texts[1], windows.SERVICE_ALL_ACCESS, windows.SERVICE_WIN32_OWN_PROCESS,
		startCode(spec.StartType), windows.SERVICE_ERROR_NORMAL, texts[2], nil, nil, block(spec.DependsOn), nil, nil)
	if err != nil {
		return s.fail("", err)
	}
	return nil
}

// apply writes every setting that differs and reads it back.
func (s *scm) apply(spec Spec) (Changes, error) {
	var changes Changes
	for _, setting := range s.settings(spec) {
		have, err := setting.read()
		if err != nil && !(setting.volatile && s.lacks(err)) {
			return changes, s.fail("reading "+setting.name, err)
		}
		if err == nil && have == setting.want {
			continue
		}
		err = setting.write()
		now := have
		if err == nil {
			now, err = setting.read()
		}
		switch {
		case s.wine && setting.volatile && (s.lacks(err) || err == nil && now != setting.want):
			changes.remark("this service manager (Wine) doesn't support %s", setting.name)
		case err != nil:
			return changes, s.fail(fmt.Sprintf("setting %s to %q", setting.name, setting.want), err)
		case now != setting.want:
			return changes, &Error{Op: s.op, Name: s.name, Kind: ErrFailed,
				Detail: fmt.Sprintf("%s was set to %q but reads %q", setting.name, setting.want, now)}
		default:
			changes.Changed = append(changes.Changed, Change{setting.name, have, setting.want})
		}
	}
	s.notes(spec, &changes)
	return changes, nil
}
