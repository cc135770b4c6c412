package scm

import (
	"strconv"
	"time"

	"golang.org/x/sys/windows/registry"
)

// ShutdownTimeout is how long all services of this machine together may take at SHUTDOWN: WaitToKillServiceTimeout, 5 s where it
// isn't set. Source: learn.microsoft.com, "SERVICE_CONTROL_SHUTDOWN" in "HandlerEx".
func ShutdownTimeout() time.Duration {
	const usual = 5 * time.Second
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control`, registry.QUERY_VALUE)
	if err != nil {
		return usual
	}
	defer func() { _ = key.Close() }()
	text, _, err := key.GetStringValue("WaitToKillServiceTimeout")
	if err != nil {
		return usual
	}
	ms, err := strconv.ParseUint(text, 10, 31)
	if err != nil || ms == 0 {
		return usual
	}
	return time.Duration(ms) * time.Millisecond
}
