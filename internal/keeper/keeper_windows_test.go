package keeper

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestLimitsAreOnTheJob reads back what the kernel keeps. That it is enforced is Windows' business; Wine doesn't.
func TestLimitsAreOnTheJob(t *testing.T) {
	nice := 10
	plan := launch.Plan{Memory: 512 << 20, MilliCPU: 500, Processes: 7, Affinity: 1, Nice: &nice}
	if rateOf(plan.MilliCPU, runtime.NumCPU()) != 0 && wine() { // a limit that isn't in force is refused, not forgotten
		if _, err := openJob(&plan); err == nil || !strings.Contains(err.Error(), "limits.cpu") {
			t.Errorf("Wine has no CPU rate control, and the limit is accepted: %v", err)
		}
		plan.MilliCPU = 0
	}
	j, err := openJob(&plan)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	query := func(class int32, to unsafe.Pointer, size uintptr) {
		t.Helper()
		if err := windows.QueryInformationJobObject(j.handle, class, uintptr(to), uint32(size), nil); err != nil {
			t.Fatal(err)
		}
	}
	query(windows.JobObjectExtendedLimitInformation, unsafe.Pointer(&info), unsafe.Sizeof(info))
	const want = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_JOB_MEMORY | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
		windows.JOB_OBJECT_LIMIT_AFFINITY | windows.JOB_OBJECT_LIMIT_PRIORITY_CLASS
	if wine() { // it keeps them to itself: what is asked for must do
		info = limitsOf(&plan)
	}
	basic := info.BasicLimitInformation
	if basic.LimitFlags != want || info.JobMemoryLimit != 512<<20 || basic.ActiveProcessLimit != 8 || basic.Affinity != 1 ||
		basic.PriorityClass != windows.BELOW_NORMAL_PRIORITY_CLASS {
		t.Errorf("%+v", info)
	}
	if wine() {
		return
	}
	var rate cpuRate
	query(windows.JobObjectCpuRateControlInformation, unsafe.Pointer(&rate), unsafe.Sizeof(rate))
	if rate.rate != rateOf(500, runtime.NumCPU()) || rate.flags != cpuRateEnable|cpuRateHardCap {
		t.Errorf("%+v", rate)
	}
}

// wine tells Wine from Windows: its ntdll has one function more.
func wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
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

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, clean, err := takeLock(path, "shop")
	if err != nil || !clean {
		t.Fatalf("clean %v, %v", clean, err)
	}
	if _, _, err := takeLock(path, "shop"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("a second lock: %v", err)
	}
	first.release()
	second, clean, err := takeLock(path, "shop")
	if err != nil || !clean {
		t.Fatalf("after the release: clean %v, %v", clean, err)
	}
	second.file.Close() // as if it was ended
	third, clean, err := takeLock(path, "shop")
	if err != nil || clean {
		t.Fatalf("after a fall: clean %v, %v", clean, err)
	}
	third.release()
}

// linked connects a keeper's end with a Link, both in this process.
func linked(t *testing.T) (*keeper, *wire.Link) {
	t.Helper()
	pipes, err := wire.NewPipes()
	if err != nil {
		t.Fatal(err)
	}
	k := newKeeper(Config{Service: "test"})
	if k.poll, err = newPoller(); err != nil {
		t.Fatal(err)
	}
	k.sup.handle, k.sup.out, k.sup.in = windows.CurrentProcess(), newPipeWriter(pipes.Down), pipes.Up
	name, value, _ := strings.Cut(pipes.Variable(), "=")
	t.Setenv(name, value)
	l, err := wire.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.sup.out.close()
		pipes.Up.Close()
	})
	return k, l
}

// TestHandlesTravel: each message brings its own handles, however the bytes are cut.
func TestHandlesTravel(t *testing.T) {
	k, l := linked(t)
	const n = 300
	go func() {
		for i := range n {
			var handles []descriptor
			for j := range i % 3 {
				var read, write windows.Handle
				if err := windows.CreatePipe(&read, &write, nil, 0); err != nil {
					t.Error(err)
					return
				}
				var done uint32
				_ = windows.WriteFile(write, fmt.Appendf(nil, "%d.%d", i, j), &done, nil)
				windows.CloseHandle(write)
				handles = append(handles, read)
			}
			k.send(&wire.Started{ID: fmt.Sprint(i), Streams: []string{strings.Repeat("x", i*40)}}, handles...)
			if i%7 == 0 {
				k.sup.flush(k)
			}
		}
		k.sup.flush(k)
	}()
	for i := range n {
		m, files, err := l.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.(*wire.Started); !ok || s.ID != fmt.Sprint(i) || len(files) != i%3 {
			t.Fatalf("message %d is %T %+v with %d files", i, m, m, len(files))
		}
		for j, f := range files {
			buf := make([]byte, 16)
			got, err := f.Read(buf)
			if want := fmt.Sprintf("%d.%d", i, j); err != nil || string(buf[:got]) != want {
				t.Fatalf("file %s says %q, %v", want, buf[:got], err)
			}
			f.Close()
		}
	}
}

func TestTheKeepersEndIsSeen(t *testing.T) {
	k, l := linked(t)
	k.sup.out.close()
	if _, _, err := l.Receive(); !wire.KeeperLost(err) {
		t.Errorf("%v isn't the keeper's end", err)
	}
	if wire.KeeperLost(wire.ErrMalformed) {
		t.Error("a malformed frame is the keeper's end")
	}
}

// TestDumpPrintsStacks: the goroutine that receives ends the process, with all stacks, though the loop hangs.
func TestDumpPrintsStacks(t *testing.T) {
	k, l := linked(t)
	k.sup.askForStacks(k)
	defer func() {
		if recover() == nil {
			t.Error("nothing happened")
		}
	}()
	_, _, _ = l.Receive()
}

func TestWhenSignalled(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	object := func() windows.Handle {
		h, err := windows.CreateEvent(nil, 1, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { windows.CloseHandle(h) })
		return h
	}
	one, other := object(), object()
	calls := 0
	w, err := p.whenSignalled(one, func() { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	stopped, err := p.whenSignalled(other, func() { t.Error("it was stopped before") })
	if err != nil {
		t.Fatal(err)
	}
	stopped.stop()
	_ = windows.SetEvent(other)
	_ = windows.SetEvent(one)
	for end := monotonic.Now() + 20*time.Second; calls == 0 && monotonic.Now() < end; {
		p.wait(time.Second)
	}
	w.stop()
	p.wait(0)
	if calls != 1 {
		t.Errorf("called %d times, want once", calls)
	}
	if len(p.waits) != 0 {
		t.Errorf("%d waits are left over", len(p.waits))
	}
}

// TestStraySupervisor: what a dead keeper's supervisor was is ended, and nobody who only has its pid.
func TestStraySupervisor(t *testing.T) {
	k := newKeeper(Config{Service: "test", Folders: folders.Folders{Run: t.TempDir()}})
	start := func() (*exec.Cmd, windows.Handle) {
		cmd := exec.Command(testbin.Path(t), "hang")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		h, err := windows.OpenProcess(windows.SYNCHRONIZE|windows.PROCESS_QUERY_INFORMATION, false, uint32(cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { windows.CloseHandle(h) })
		return cmd, h
	}
	lives := func(h windows.Handle) bool {
		event, err := windows.WaitForSingleObject(h, 0)
		return err == nil && event != windows.WAIT_OBJECT_0
	}
	stray, h := start()
	k.sup.pid, k.sup.handle = stray.Process.Pid, h
	k.noteSupervisor()
	data, err := os.ReadFile(k.supervisorFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.supervisorFile(), append([]byte(nil), strings.Replace(string(data), " ", " 1", 1)...), 0o600); err != nil {
		t.Fatal(err)
	}
	k.endStraySupervisor()
	if !lives(h) {
		t.Fatal("a process of another birth was ended")
	}
	k.noteSupervisor()
	k.endStraySupervisor()
	if lives(h) {
		t.Error("the stray supervisor lives on")
	}
	k.endStraySupervisor() // nobody there any more
}
