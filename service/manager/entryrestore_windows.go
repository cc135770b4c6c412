package manager

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// restoreAccess is what it takes to change everything. SERVICE_START: who sets a restart action must be allowed to start.
const restoreAccess = windows.SERVICE_QUERY_CONFIG | windows.SERVICE_CHANGE_CONFIG | windows.SERVICE_START | windows.SERVICE_QUERY_STATUS |
	windows.READ_CONTROL | windows.WRITE_DAC | windows.WRITE_OWNER

func restoreEntry(ctx context.Context, m Manager, e Entry, password Password) error {
	s, err := openSCM(m, "restoring", e.Name, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.openForRestore(ctx, e); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"setting its main settings", func() error { return s.putMain(e, password) }},
		{"setting its optional settings", func() error { return s.putOptional(e) }},
		// Last: it removes what the calls above have written in passing, and writes bytes that they can't write.
		{"writing its registry key", func() error { return e.Key.write(registry.LOCAL_MACHINE, serviceKey(s.name), 0) }},
		{"setting who may control it", func() error { return s.putAccess(e.Access) }},
	} {
		if err := step.do(); err != nil {
			return s.fail(step.what, err)
		}
	}
	now, err := s.entry()
	if err != nil {
		return err
	}
	if found := e.Differences(now); len(found) > 0 {
		return &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Detail: "after writing, these differ: " + strings.Join(found, ", ")}
	}
	return nil
}

// openForRestore opens the service; one that was deleted is made anew.
func (s *scm) openForRestore(ctx context.Context, e Entry) error {
	err := s.open(restoreAccess)
	if err == nil && !s.deleting() {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNotInstalled) {
		return err
	}
	s.closeService()
	s.dependsOn = e.Dependencies
	// These settings last for a moment, until its own are set: nothing that starts by itself.
	spec := Spec{Name: e.Name, DisplayName: e.DisplayName, Executable: `C:\none.exe`, StartType: Manual}
	err = s.createService(spec)
	if errors.Is(err, ErrMarkedForDeletion) {
		if err := s.awaitGone(ctx); err != nil {
			return err
		}
		err = s.createService(spec)
	}
	return err
}

// putMain sets what differs of the main settings, in one call: half of them would be a service that is neither the one nor the other.
func (s *scm) putMain(e Entry, password Password) error {
	have, err := s.entry()
	if err != nil {
		return err
	}
	if have.Delayed != nil && *have.Delayed != 0 && (e.Delayed == nil || *e.Delayed == 0) { // while it is set, Windows refuses another start type
		if err := s.setDelayed(false); err != nil {
			return err
		}
	}
	texts := make([]*uint16, 3)
	for i, text := range []string{e.CommandLine, e.DisplayName, e.Group} {
		if texts[i], err = windows.UTF16PtrFromString(text); err != nil {
			return err
		}
	}
	var account, secret *uint16
	if !strings.EqualFold(e.Account, have.Account) {
		if account, err = windows.UTF16PtrFromString(e.Account); err != nil {
			return err
		}
		if secret, err = passwordOf(Spec{Account: e.Account, Password: password}); err != nil {
			return err
		}
		if upper := strings.ToUpper(e.Account); upper == "LOCALSYSTEM" || strings.HasPrefix(upper, `NT AUTHORITY\`) {
			secret = new(uint16) // ChangeServiceConfigW, lpPassword: the empty text for these
		}
	}
	kind := uint32(windows.SERVICE_NO_CHANGE)
	if e.Type != have.Type {
		kind = e.Type
	}
	return windows.ChangeServiceConfig(s.service, kind, e.Start, e.ErrorControl, texts[0], texts[2], nil, block(e.Dependencies), account, secret, texts[1])
}

func (s *scm) putOptional(e Entry) error {
	have, err := s.entry()
	if err != nil {
		return err
	}
	if e.Description != have.Description {
		if err := s.descriptionSetting(e.Description).write(); err != nil {
			return err
		}
	}
	now := numbersOf(&have)
	for i, n := range numbersOf(&e) {
		want, is := *n.field, *now[i].field
		if want == nil || is != nil && *is == *want {
			continue
		}
		if err := setConfig2(s, n.level, want); err != nil && !s.lacks(err) {
			return fmt.Errorf("level %d: %w", n.level, err)
		}
	}
	if e.Privileges != nil && have.Privileges != nil && !slices.Equal(*e.Privileges, *have.Privileges) {
		if err := setConfig2(s, windows.SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privilegesInfo{block(*e.Privileges)}); err != nil && !s.lacks(err) {
			return fmt.Errorf("required privileges: %w", err)
		}
	}
	if e.Failure != nil && !reflect.DeepEqual(e.Failure, have.Failure) {
		return s.putFailure(*e.Failure)
	}
	return nil
}

// putFailure sets the failure actions. Pointers that aren't null with nothing behind them delete what was there.
func (s *scm) putFailure(f FailureActions) error {
	list := make([]windows.SC_ACTION, 0, len(f.Actions)+1)
	for _, a := range f.Actions {
		list = append(list, windows.SC_ACTION{Type: a[0], Delay: a[1]})
		if a[0] == windows.SC_ACTION_REBOOT { // takes the right to shut down (SERVICE_FAILURE_ACTIONSW)
			if err := enablePrivilege("SeShutdownPrivilege"); err != nil {
				return fmt.Errorf("failure action reboot: %w", err)
			}
		}
	}
	actions := windows.SERVICE_FAILURE_ACTIONS{ResetPeriod: f.Reset, ActionsCount: uint32(len(list)), Actions: &list[:1][0]}
	var err error
	if actions.RebootMsg, err = windows.UTF16PtrFromString(f.Message); err != nil {
		return err
	}
	if actions.Command, err = windows.UTF16PtrFromString(f.Command); err != nil {
		return err
	}
	if err := setConfig2(s, windows.SERVICE_CONFIG_FAILURE_ACTIONS, &actions); err != nil && !s.lacks(err) {
		return fmt.Errorf("failure actions: %w", err)
	}
	return nil
}

func (s *scm) putAccess(text string) error {
	if have, err := windows.GetSecurityInfo(s.service, windows.SE_SERVICE, serviceAccess); text == "" || err == nil && have.String() == text {
		return nil
	}
	want, err := windows.SecurityDescriptorFromString(text)
	if err != nil {
		return err
	}
	owner, _, err := want.Owner()
	if err != nil {
		return err
	}
	group, _, err := want.Group()
	if err != nil {
		return err
	}
	list, _, err := want.DACL()
	if err != nil {
		return err
	}
	return windows.SetSecurityInfo(s.service, windows.SE_SERVICE, serviceAccess, owner, group, list, nil)
}

// enablePrivilege switches on a privilege that this process has.
func enablePrivilege(name string) error {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	privileges := windows.Tokenprivileges{PrivilegeCount: 1}
	privileges.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
	if err := windows.LookupPrivilegeValue(nil, text, &privileges.Privileges[0].Luid); err != nil {
		return err
	}
	var token windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_ADJUST_PRIVILEGES, &token); err != nil {
		return err
	}
	defer token.Close()
	return windows.AdjustTokenPrivileges(token, false, &privileges, 0, nil, nil)
}
