package tree

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/wine"
)

// TestLimitsAreOnTheJob reads back what the kernel keeps. That it is enforced is Windows' business; Wine doesn't.
func TestLimitsAreOnTheJob(t *testing.T) {
	nice := 10
	plan := launch.Plan{Memory: 512 << 20, MilliCPU: 500, Processes: 7, Affinity: 1, Nice: &nice}
	if rateOf(plan.MilliCPU, runtime.NumCPU()) != 0 && wine.Running() { // a limit that isn't in force is refused, not forgotten
		if _, err := OpenJob(&plan); err == nil || !strings.Contains(err.Error(), "limits.cpu") {
			t.Errorf("Wine has no CPU rate control, and the limit is accepted: %v", err)
		}
		plan.MilliCPU = 0
	}
	j, err := OpenJob(&plan)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	query := func(class int32, to unsafe.Pointer, size uintptr) {
		t.Helper()
		if err := windows.QueryInformationJobObject(j.Handle, class, uintptr(to), uint32(size), nil); err != nil {
			t.Fatal(err)
		}
	}
	query(windows.JobObjectExtendedLimitInformation, unsafe.Pointer(&info), unsafe.Sizeof(info))
	const want = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_JOB_MEMORY | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
		windows.JOB_OBJECT_LIMIT_AFFINITY | windows.JOB_OBJECT_LIMIT_PRIORITY_CLASS
	if wine.Running() { // it keeps them to itself: what is asked for must do
		info = limitsOf(&plan)
	}
	basic := info.BasicLimitInformation
	if basic.LimitFlags != want || info.JobMemoryLimit != 512<<20 || basic.ActiveProcessLimit != 8 || basic.Affinity != 1 ||
		basic.PriorityClass != windows.BELOW_NORMAL_PRIORITY_CLASS {
		t.Errorf("%+v", info)
	}
	if wine.Running() {
		return
	}
	var rate cpuRate
	query(windows.JobObjectCpuRateControlInformation, unsafe.Pointer(&rate), unsafe.Sizeof(rate))
	if rate.rate != rateOf(500, runtime.NumCPU()) || rate.flags != cpuRateEnable|cpuRateHardCap {
		t.Errorf("%+v", rate)
	}
}

func TestLimitsInNumbers(t *testing.T) {
	for _, c := range []struct {
		milli      int64
		processors int
		want       uint32
	}{{0, 4, 0}, {500, 1, 5000}, {500, 4, 1250}, {1500, 4, 3750}, {4000, 4, 0}, {9000, 4, 0}, {1, 64, 1}} {
		if got := rateOf(c.milli, c.processors); got != c.want {
			t.Errorf("%d thousandths of %d processors: %d, want %d", c.milli, c.processors, got, c.want)
		}
	}
	for nice, want := range map[int]uint32{
		-20: windows.HIGH_PRIORITY_CLASS, -8: windows.HIGH_PRIORITY_CLASS, -7: windows.ABOVE_NORMAL_PRIORITY_CLASS,
		0: windows.NORMAL_PRIORITY_CLASS, 9: windows.NORMAL_PRIORITY_CLASS, 10: windows.BELOW_NORMAL_PRIORITY_CLASS, 19: windows.IDLE_PRIORITY_CLASS,
	} {
		if got := priorityOf(nice); got != want {
			t.Errorf("nice %d: 0x%x, want 0x%x", nice, got, want)
		}
	}
	info := limitsOf(&launch.Plan{})
	if info.BasicLimitInformation.LimitFlags != windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE {
		t.Errorf("without limits: 0x%x", info.BasicLimitInformation.LimitFlags)
	}
}
