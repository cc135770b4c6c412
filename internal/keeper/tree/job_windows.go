package tree

import (
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
)

// Job holds one run's processes: all that descend from its main process. None can leave it: the job doesn't allow
// breakaway, so CREATE_BREAKAWAY_FROM_JOB fails inside. When its last handle is closed, however the keeper ends, the
// kernel ends them all.
// Source: https://learn.microsoft.com/windows/win32/procthread/job-objects
type Job struct {
	Handle windows.Handle
	forget func() // takes it off the port; nil: it isn't on one
}

// KilledCode is the exit code of those that TerminateJobObject ends: 128 and SIGKILL's number, as shells have it.
const KilledCode = 137

// OpenJob makes the job for one run, with the limits of its plan.
func OpenJob(plan *launch.Plan) (*Job, error) {
	h, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, os.NewSyscallError("CreateJobObject", err)
	}
	j := &Job{Handle: h}
	if err := j.limit(plan); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Job) set(class uint32, data unsafe.Pointer, size uintptr) error {
	_, err := windows.SetInformationJobObject(j.Handle, class, uintptr(data), uint32(size))
	return os.NewSyscallError("SetInformationJobObject", err)
}

// Close gives the job up. Its processes end with its last handle.
func (j *Job) Close() {
	if j.forget != nil {
		j.forget()
	}
	windows.CloseHandle(j.Handle)
}

// Terminate ends every process of the job.
func (j *Job) Terminate() { _ = windows.TerminateJobObject(j.Handle, KilledCode) }

// accounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION.
type accounting struct {
	user, kernel, periodUser, periodKernel int64 // 100 ns
	faults, total, active, terminated      uint32
}

func (j *Job) accounting() (a accounting, err error) {
	err = windows.QueryInformationJobObject(j.Handle, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&a)), uint32(unsafe.Sizeof(a)), nil)
	return a, err
}

// Active is the number of processes in the job.
func (j *Job) Active() int {
	a, err := j.accounting()
	if err != nil {
		return 0 // it can't be asked: then nothing holds the next run up
	}
	return int(a.active)
}

// CPU is what all processes of the job used, ended ones too.
func (j *Job) CPU() time.Duration {
	a, _ := j.accounting()
	return time.Duration(a.user+a.kernel) * 100
}

// pids are the processes in the job now, 1,024 of them at most.
func (j *Job) pids() []uint32 {
	var list struct { // JOBOBJECT_BASIC_PROCESS_ID_LIST
		assigned, listed uint32
		ids              [1024]uintptr
	}
	err := windows.QueryInformationJobObject(j.Handle, windows.JobObjectBasicProcessIdList,
		uintptr(unsafe.Pointer(&list)), uint32(unsafe.Sizeof(list)), nil)
	if err != nil && err != windows.ERROR_MORE_DATA {
		return nil
	}
	var pids []uint32
	for _, id := range list.ids[:list.listed] {
		pids = append(pids, uint32(id))
	}
	return pids
}

// HasOrphans says whether a process is left in the job, once the main process has ended. The console's host doesn't count: it ends by
// itself a moment after the last process on that console.
func (j *Job) HasOrphans() bool {
	found := false
	j.eachOrphan(func(string) bool { found = true; return false })
	return found
}

// Left gives the processes left in the job by name, once the main process has ended.
func (j *Job) Left() (left Left) {
	j.eachOrphan(func(image string) bool {
		left.add(func() string { return filepath.Base(image) })
		return true
	})
	return left
}

// eachOrphan calls visit with the executable of each process left in the job, until it gives false. Of one that we may not open it is "…".
func (j *Job) eachOrphan(visit func(image string) bool) {
	for _, pid := range j.pids() {
		h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, pid)
		if err == windows.ERROR_INVALID_PARAMETER {
			continue // it has ended
		}
		image := "…"
		if err == nil {
			image = imageOf(h)
			event, err := windows.WaitForSingleObject(h, 0)
			windows.CloseHandle(h)
			if err != nil || event == windows.WAIT_OBJECT_0 || strings.EqualFold(filepath.Base(image), "conhost.exe") {
				continue
			}
		} // else it is there, and we may not open it: the next run waits for its end
		if !visit(image) {
			return
		}
	}
}

// Freeze suspends all processes of the job, or resumes them. A process that is born meanwhile is found in the next pass,
// because its parent is suspended by then.
func (j *Job) Freeze(frozen bool) {
	call := calls.resume
	if frozen {
		call = calls.suspend
	}
	done := map[uint32]bool{}
	for again := true; again; {
		again = false
		for _, pid := range j.pids() {
			if done[pid] {
				continue
			}
			done[pid], again = true, frozen
			h, err := windows.OpenProcess(windows.PROCESS_SUSPEND_RESUME|windows.PROCESS_QUERY_INFORMATION, false, pid)
			if err != nil {
				continue // it has ended
			}
			if InJob(h, j.Handle) { // else the pid is a stranger's by now
				call.Call(uintptr(h))
			}
			windows.CloseHandle(h)
		}
	}
}
