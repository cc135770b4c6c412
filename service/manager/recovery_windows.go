package manager

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// recoverySettings are the failure actions and the flag without which a service that reports an error isn't restarted.
func (s *scm) recoverySettings(r Recovery) []setting {
	actions, flag := failureActions(r), windows.SERVICE_FAILURE_ACTIONS_FLAG{}
	if r.OnNonCrash {
		flag.FailureActionsOnNonCrashFailures = 1
	}
	return []setting{
		{name: "FAILURE_ACTIONS", volatile: true, want: actionsText(&actions),
			read: func() (string, error) {
				have, err := config2[windows.SERVICE_FAILURE_ACTIONS](s, windows.SERVICE_CONFIG_FAILURE_ACTIONS)
				if err != nil {
					return "", err
				}
				return actionsText(have), nil
			},
			write: func() error { return setConfig2(s, windows.SERVICE_CONFIG_FAILURE_ACTIONS, &actions) }},
		{name: "FAILURE_ACTIONS_ON_NONCRASH_FAILURES", volatile: true, want: onOff(flag.FailureActionsOnNonCrashFailures != 0),
			read: func() (string, error) {
				have, err := config2[windows.SERVICE_FAILURE_ACTIONS_FLAG](s, windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG)
				if err != nil {
					return "", err
				}
				return onOff(have.FailureActionsOnNonCrashFailures != 0), nil
			},
			write: func() error { return setConfig2(s, windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &flag) }},
	}
}

// failureActions translates r. Without delays it asks for none and no reset period, with a pointer that isn't null: that
// deletes what was there (SERVICE_FAILURE_ACTIONSW).
func failureActions(r Recovery) windows.SERVICE_FAILURE_ACTIONS {
	list := make([]windows.SC_ACTION, 0, len(r.Delays)+1)
	for _, d := range r.Delays {
		list = append(list, windows.SC_ACTION{Type: windows.SC_ACTION_RESTART, Delay: uint32(d / time.Millisecond)})
	}
	actions := windows.SERVICE_FAILURE_ACTIONS{ActionsCount: uint32(len(list)), Actions: &list[:1][0]}
	if len(list) > 0 {
		actions.ResetPeriod = uint32(min(r.ResetAfter/time.Second, math.MaxUint32-1)) // the greatest means never
	}
	return actions
}

// actionsText is what both sides are compared by: "restart after 1s, 5s, 1m0s; count reset after 24h0m0s".
func actionsText(a *windows.SERVICE_FAILURE_ACTIONS) string {
	if a.ActionsCount == 0 || a.Actions == nil {
		return "none"
	}
	var list []string
	for _, action := range unsafe.Slice(a.Actions, a.ActionsCount) {
		delay := time.Duration(action.Delay) * time.Millisecond
		switch action.Type {
		case windows.SC_ACTION_RESTART:
			list = append(list, "restart after "+delay.String())
		case windows.SC_ACTION_REBOOT:
			list = append(list, "reboot after "+delay.String())
		case windows.SC_ACTION_RUN_COMMAND:
			list = append(list, "run a command after "+delay.String())
		default:
			list = append(list, "nothing")
		}
	}
	reset := (time.Duration(a.ResetPeriod) * time.Second).String()
	if a.ResetPeriod == math.MaxUint32 {
		reset = "never"
	}
	return fmt.Sprintf("%s; count reset after %s", strings.Join(list, ", "), reset)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// preShutdownInfo is SERVICE_PRESHUTDOWN_INFO: milliseconds.
type preShutdownInfo struct{ timeout uint32 }

// preShutdownSetting gives the service time at shutdown: 10 s by default since Windows 10 1703, three minutes before.
func (s *scm) preShutdownSetting(d time.Duration) setting {
	want := preShutdownInfo{uint32(min(d/time.Millisecond, math.MaxUint32))}
	text := func(i *preShutdownInfo) string { return (time.Duration(i.timeout) * time.Millisecond).String() }
	return setting{name: "PRESHUTDOWN_TIMEOUT", want: text(&want),
		read: func() (string, error) {
			have, err := config2[preShutdownInfo](s, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO)
			if err != nil {
				return "", err
			}
			return text(have), nil
		},
		write: func() error { return setConfig2(s, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, &want) }}
}
