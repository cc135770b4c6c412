package manager

import (
	"context"

	"golang.org/x/sys/windows"
)

func serviceStatus(_ context.Context, m Manager, name string) (Status, error) {
	s, err := openService(m, "asking for", name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return Status{}, err
	}
	defer s.close()
	native, err := s.status()
	if err != nil {
		return Status{}, err
	}
	d := scmOf(native)
	status := Status{Name: name, State: d.state(), PID: int(d.PID), SCM: d}
	text, err := s.startType()
	if err != nil {
		return Status{}, s.fail("reading its start type", err)
	}
	if status.StartType.UnmarshalText([]byte(text)) != nil {
		status.StartType = Automatic // boot and system start, which drivers have
	}
	return status, nil
}

func scmOf(s windows.SERVICE_STATUS_PROCESS) *SCM {
	return &SCM{
		Type: s.ServiceType, State: s.CurrentState, StateName: stateName(s.CurrentState), Accepts: s.ControlsAccepted,
		Win32ExitCode: s.Win32ExitCode, ServiceExitCode: s.ServiceSpecificExitCode,
		CheckPoint: s.CheckPoint, WaitHint: s.WaitHint, PID: s.ProcessId, Flags: s.ServiceFlags,
	}
}
