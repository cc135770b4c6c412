package tree

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
)

// cpuRate is JOBOBJECT_CPU_RATE_CONTROL_INFORMATION.
type cpuRate struct{ flags, rate uint32 }

const (
	cpuRateEnable  = 0x1
	cpuRateHardCap = 0x4
)

// limit puts the plan's limits on the job. All of them hold for the tree together, none can be lifted from inside.
// Source: https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-jobobject_extended_limit_information
func (j *Job) limit(plan *launch.Plan) error {
	info := limitsOf(plan)
	if err := j.set(windows.JobObjectExtendedLimitInformation, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return fmt.Errorf("resources: %w", err)
	}
	rate := rateOf(plan.MilliCPU, runtime.NumCPU())
	if rate == 0 {
		return nil
	}
	control := cpuRate{flags: cpuRateEnable | cpuRateHardCap, rate: rate}
	if err := j.set(windows.JobObjectCpuRateControlInformation, unsafe.Pointer(&control), unsafe.Sizeof(control)); err != nil {
		return fmt.Errorf("resources.limits.cpu: %w", err)
	}
	return nil
}

func limitsOf(plan *launch.Plan) (info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION) {
	basic := &info.BasicLimitInformation
	basic.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if plan.Memory > 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_JOB_MEMORY
		info.JobMemoryLimit = uintptr(plan.Memory)
	}
	if plan.Processes > 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
		basic.ActiveProcessLimit = uint32(plan.Processes) + 1 // the host of its console is in the job as well
	}
	if plan.Affinity != 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_AFFINITY
		basic.Affinity = uintptr(plan.Affinity)
	}
	if plan.Nice != nil {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_PRIORITY_CLASS
		basic.PriorityClass = priorityOf(*plan.Nice)
	}
	return info
}

// rateOf gives the share of all processors in hundredths of a percent, 1 … 10,000; 0: no limit.
func rateOf(milli int64, processors int) uint32 {
	if milli <= 0 || milli >= int64(processors)*1000 {
		return 0
	}
	return uint32(max(milli*10/int64(processors), 1))
}

// priorityOf gives the priority class for a niceness, as libuv does, but never the real-time class, in which a program
// that spins makes the machine unusable. Source: uv_os_setpriority in libuv's src/win/util.c.
func priorityOf(nice int) uint32 {
	switch {
	case nice < -7:
		return windows.HIGH_PRIORITY_CLASS
	case nice < 0:
		return windows.ABOVE_NORMAL_PRIORITY_CLASS
	case nice < 10:
		return windows.NORMAL_PRIORITY_CLASS
	case nice < 19:
		return windows.BELOW_NORMAL_PRIORITY_CLASS
	}
	return windows.IDLE_PRIORITY_CLASS
}
