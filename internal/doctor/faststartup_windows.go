package doctor

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

// checkFastStartup: with Fast Startup "Shut down" hibernates session 0, where services live: the next start resumes them as they were instead
// of starting them, whatever state they were in. Only "Restart" is a full boot.
// Source: https://learn.microsoft.com/windows-hardware/drivers/kernel/distinguishing-fast-startup-from-wake-from-hibernation
func checkFastStartup(_ context.Context, s *subject) {
	s.reportFastStartup(hiberboot())
}

func (s *subject) reportFastStartup(on bool, err error) {
	switch {
	case err != nil:
		s.skip("whether Fast Startup is on can't be read: %v", err)
	case on:
		s.add(Warn, "Fast Startup is on: after \"Shut down\" services resume instead of starting anew; only \"Restart\" is a fresh start",
			"powercfg /hibernate off; or Control Panel, Power Options, Choose what the power buttons do")
	default:
		s.ok("Fast Startup is off: every start of Windows starts the service")
	}
}

const powerKey = `SYSTEM\CurrentControlSet\Control\Session Manager\Power`

// hiberboot tells whether Fast Startup is on: HiberbootEnabled is 1. Windows Server has neither Fast Startup nor the value.
func hiberboot() (bool, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, powerKey, registry.QUERY_VALUE)
	if err == registry.ErrNotExist {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer key.Close()
	on, _, err := key.GetIntegerValue("HiberbootEnabled")
	if err == registry.ErrNotExist {
		return false, nil
	}
	return on == 1, err
}
