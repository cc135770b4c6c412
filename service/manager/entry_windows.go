package manager

import (
	"context"
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// serviceAccess is what of a service's security descriptor is kept.
const serviceAccess = windows.OWNER_SECURITY_INFORMATION | windows.GROUP_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION

func readEntry(_ context.Context, m Manager, name string) (Entry, error) {
	s, err := openService(m, "reading", name, windows.SERVICE_QUERY_CONFIG|windows.READ_CONTROL)
	if errors.Is(err, ErrRights) {
		s, err = openService(m, "reading", name, windows.SERVICE_QUERY_CONFIG)
	}
	if err != nil {
		return Entry{}, err
	}
	defer s.close()
	return s.entry()
}

func (s *scm) entry() (Entry, error) {
	c, err := s.config()
	if err != nil {
		return Entry{}, s.fail("reading its settings", err)
	}
	e := Entry{Type: c.ServiceType, Start: c.StartType, ErrorControl: c.ErrorControl,
		CommandLine: windows.UTF16PtrToString(c.BinaryPathName), Group: windows.UTF16PtrToString(c.LoadOrderGroup),
		Dependencies: multiString(c.Dependencies), Account: windows.UTF16PtrToString(c.ServiceStartName),
		DisplayName: windows.UTF16PtrToString(c.DisplayName)}
	if e.Key, err = readRegistryKey(registry.LOCAL_MACHINE, serviceKey(s.name), 0); err != nil {
		return e, s.fail("reading its registry key", err)
	}
	e.Key.Name = asWritten(s.name)
	e.Name = e.Key.Name
	if s.wine { // it stores dependencies and doesn't give them back
		e.Dependencies = nil
		if v, ok := e.Key.value("DependOnService"); ok {
			e.Dependencies = multiString((*uint16)(unsafe.Pointer(unsafe.SliceData(append(v.Data, 0, 0, 0, 0)))))
		}
	}
	if err := s.optional(&e); err != nil {
		return e, s.fail("reading its optional settings", err)
	}
	if d, err := windows.GetSecurityInfo(s.service, windows.SE_SERVICE, serviceAccess); err == nil {
		e.Access = d.String()
	}
	return e, nil
}

// optional reads the settings of QueryServiceConfig2W. What Wine lacks stays nil.
func (s *scm) optional(e *Entry) error {
	d, err := config2[windows.SERVICE_DESCRIPTION](s, windows.SERVICE_CONFIG_DESCRIPTION)
	if err == nil {
		e.Description = windows.UTF16PtrToString(d.Description)
	}
	numbers := []error{err}
	for _, n := range numbersOf(e) {
		have, err := config2[uint32](s, n.level)
		if err == nil {
			*n.field = have
		}
		numbers = append(numbers, err)
	}
	privileges, err := query(func(b *byte, size uint32, needed *uint32) error {
		return windows.QueryServiceConfig2(s.service, windows.SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, b, size, needed)
	})
	if err == nil {
		list := append([]string{}, multiString((*privilegesInfo)(unsafe.Pointer(&privileges[0])).list)...) // never nil: nil is unknown
		e.Privileges = &list
	}
	numbers = append(numbers, err)
	f, err := config2[windows.SERVICE_FAILURE_ACTIONS](s, windows.SERVICE_CONFIG_FAILURE_ACTIONS)
	if err == nil {
		e.Failure = failureOf(f)
	}
	for _, err := range append(numbers, err) {
		if err != nil && !s.lacks(err) {
			return err
		}
	}
	return nil
}

// number is an optional setting that is one DWORD.
type number struct {
	level uint32
	field **uint32
}

func numbersOf(e *Entry) []number {
	return []number{
		{windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &e.Delayed}, {windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, &e.PreShutdown},
		{windows.SERVICE_CONFIG_SERVICE_SID_INFO, &e.SIDType}, {windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &e.NonCrash},
	}
}

func failureOf(f *windows.SERVICE_FAILURE_ACTIONS) *FailureActions {
	a := &FailureActions{Reset: f.ResetPeriod, Message: windows.UTF16PtrToString(f.RebootMsg), Command: windows.UTF16PtrToString(f.Command)}
	if f.Actions != nil {
		for _, action := range unsafe.Slice(f.Actions, f.ActionsCount) {
			a.Actions = append(a.Actions, [2]uint32{action.Type, action.Delay})
		}
	}
	return a
}

func mayRestore(_ context.Context, m Manager, name string) error {
	s, err := openService(m, "changing", name, restoreAccess|windows.SERVICE_STOP|windows.SERVICE_ENUMERATE_DEPENDENTS)
	if err != nil {
		return err
	}
	defer s.close()
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(name), registry.SET_VALUE|registry.CREATE_SUB_KEY)
	if err != nil {
		return s.fail("opening its registry key", err)
	}
	return key.Close()
}
