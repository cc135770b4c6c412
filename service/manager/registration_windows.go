package manager

import (
	"context"
	"strings"

	"golang.org/x/sys/windows"
)

func registration(_ context.Context, m Manager, name string) (Registration, error) {
	s, err := openService(m, "reading", name, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return Registration{}, err
	}
	defer s.close()
	c, err := s.config()
	if err != nil {
		return Registration{}, s.fail("reading its settings", err)
	}
	r := Registration{CommandLine: windows.UTF16PtrToString(c.BinaryPathName), Account: windows.UTF16PtrToString(c.ServiceStartName)}
	if r.Words, err = windows.DecomposeCommandLine(r.CommandLine); err != nil {
		return r, s.fail("reading its command line", err)
	}
	r.Unquoted = unquoted(r.CommandLine)
	actions, err := config2[windows.SERVICE_FAILURE_ACTIONS](s, windows.SERVICE_CONFIG_FAILURE_ACTIONS)
	switch {
	case s.wine: // takes them and never stores them
		r.Unknown = append(r.Unknown, "recovery actions")
	case err != nil:
		return r, s.fail("reading its recovery actions", err)
	default:
		r.Recovers = strings.Contains(actionsText(actions), "restart")
	}
	flag, err := config2[windows.SERVICE_FAILURE_ACTIONS_FLAG](s, windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG)
	switch {
	case err != nil && s.lacks(err):
	case err != nil:
		return r, s.fail("reading its recovery actions' flag", err)
	default:
		r.OnNonCrash = flag.FailureActionsOnNonCrashFailures != 0
	}
	return r, nil
}

// unquoted: CreateProcess tries C:\Program.exe first of C:\Program Files\x.exe.
func unquoted(line string) bool {
	line = strings.TrimLeft(line, " ")
	if strings.HasPrefix(line, `"`) {
		return false
	}
	end := strings.Index(strings.ToLower(line), ".exe")
	return end > 0 && strings.Contains(line[:end], " ")
}
