package scm

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// onlyCrashesCount reports whether the service's failure actions run only when its process ends without having reported
// STOPPED. It is asked when the service fails: an administrator may change it while the service runs. The answer is true where the
// Service Control Manager doesn't answer in time, or the service's account may not ask: the end of the process is a failure in every case.
func onlyCrashesCount(name string) bool {
	answer := make(chan bool, 1)
	go func() { answer <- askRecovery(name) }()
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	select {
	case yes := <-answer:
		return yes
	case <-limit.C:
		return true
	}
}

func askRecovery(name string) bool {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return true
	}
	defer func() { _ = windows.CloseServiceHandle(manager) }()
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return true
	}
	handle, err := windows.OpenService(manager, text, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return true
	}
	defer func() { _ = windows.CloseServiceHandle(handle) }()
	flag, err := config2(handle, windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG)
	if errors.Is(err, windows.ERROR_INVALID_LEVEL) {
		return false // this system (Wine) has no failure actions at all
	} else if err != nil {
		return true
	}
	if (*windows.SERVICE_FAILURE_ACTIONS_FLAG)(unsafe.Pointer(&flag[0])).FailureActionsOnNonCrashFailures != 0 {
		return false
	}
	actions, err := config2(handle, windows.SERVICE_CONFIG_FAILURE_ACTIONS)
	return err != nil || (*windows.SERVICE_FAILURE_ACTIONS)(unsafe.Pointer(&actions[0])).ActionsCount > 0
}

// config2 is QueryServiceConfig2; its answer has at least room for the structures above.
func config2(service windows.Handle, level uint32) ([]byte, error) {
	for size := uint32(256); ; {
		buf := make([]byte, size)
		err := windows.QueryServiceConfig2(service, level, &buf[0], size, &size)
		if err == nil {
			return buf, nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || int(size) <= len(buf) {
			return nil, err
		}
	}
}
