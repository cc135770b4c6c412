package confine

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// attackVariable makes this binary the attacker: the folder it may write to, then one that it may not.
const attackVariable = "CONFINE_TEST_ATTACK"

// TestMain is the process that was taken over, where the environment says so.
func TestMain(m *testing.M) {
	switch os.Getenv(attackVariable) {
	case "":
		os.Exit(m.Run())
	case "calls":
		report(attackCalls())
	case "files":
		report(attackFiles(os.Args[1], os.Args[2]))
	case "start": // as an ordinary user's keeper
		report(startAgain(Rules{}, "files"))
	case "self": // as its supervisor
		missing := Self(false)
		report(map[string]string{"missing": missing, "status": allThreads()})
	case "start self":
		report(startAgain(Rules{}, "self"))
	case "no landlock":
		report(withoutLandlock())
	}
}

func report(found map[string]string) {
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
	os.Exit(0)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func call(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := syscall.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

// attackCalls gives what each attempt said after the filter was set, in several threads that were there before. "" is a success.
func attackCalls() map[string]string {
	var ready, end sync.WaitGroup
	start := make(chan struct{})
	found := map[string]string{}
	var mu sync.Mutex
	for n := range 4 {
		ready.Add(1)
		end.Go(func() {
			runtime.LockOSThread()
			ready.Done()
			<-start
			for name, err := range attempts() {
				mu.Lock()
				found[name+" "+strconv.Itoa(n)] = text(err)
				mu.Unlock()
			}
		})
	}
	ready.Wait()
	if err := filter(false); err != nil {
		return map[string]string{"filter": err.Error()}
	}
	close(start)
	end.Wait()
	for name, err := range legitimate() {
		found["may "+name] = text(err)
	}
	return found
}

// attempts are what a supervisor that was taken over would try. Most would fail with another error if the filter let them through.
func attempts() map[string]error {
	parent := uintptr(os.Getppid())
	const bad = ^uintptr(0)
	null, err := os.Open("/dev/null")
	if err != nil {
		return map[string]error{"/dev/null": err}
	}
	defer null.Close()
	return map[string]error{
		"exec":         exec.Command("/bin/true").Run(),
		"execve":       call(unix.SYS_EXECVE, 0, 0, 0),
		"ptrace":       call(unix.SYS_PTRACE, unix.PTRACE_SEIZE, parent),
		"readv":        call(unix.SYS_PROCESS_VM_READV, parent),
		"getfd":        call(unix.SYS_PIDFD_GETFD, bad),
		"kill":         unix.Kill(int(parent), 0),
		"kill all":     call(unix.SYS_KILL, bad, 0),
		"pidfd signal": call(unix.SYS_PIDFD_SEND_SIGNAL, bad),
		"mount":        call(unix.SYS_MOUNT),
		"umount":       call(unix.SYS_UMOUNT2),
		"fsopen":       call(unix.SYS_FSOPEN),
		"unshare":      call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"setns":        call(unix.SYS_SETNS, bad),
		"bpf":          call(unix.SYS_BPF, bad),
		"perf":         call(unix.SYS_PERF_EVENT_OPEN),
		"io_uring":     call(unix.SYS_IO_URING_SETUP),
		"userfaultfd":  call(unix.SYS_USERFAULTFD, bad),
		"keyctl":       call(unix.SYS_KEYCTL, bad),
		"setuid":       call(unix.SYS_SETUID, uintptr(os.Getuid())),
		"module":       call(unix.SYS_INIT_MODULE),
		"packet":       call(unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW),
		"chmod":        call(unix.SYS_FCHMOD, null.Fd(), 0o666),
		"chown":        call(unix.SYS_FCHOWN, null.Fd(), bad, bad),
		"xattr":        call(unix.SYS_FSETXATTR, null.Fd()),
		"type":         call(unix.SYS_IOCTL, 0, unix.TIOCSTI),
		"prlimit":      call(unix.SYS_PRLIMIT64, parent),
		"clone3":       call(unix.SYS_CLONE3),
	}
}

// legitimate is what a supervisor does.
func legitimate() map[string]error {
	dir, err := os.MkdirTemp("", "confine")
	done := map[string]error{"folder": err}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	done["write"] = os.WriteFile(file, []byte("x"), 0o600)
	done["empty"] = os.WriteFile(file, nil, 0o600)
	done["chmod"] = os.Chmod(file, 0o600)
	_, done["read"] = os.ReadFile(file)
	done["signal itself"] = unix.Kill(os.Getpid(), 0)
	thread := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the next one needs a thread of its own
		thread <- nil
	}()
	done["thread"] = <-thread
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	done["listen"] = err
	if err == nil {
		c, err := net.Dial("unix", l.Addr().String())
		done["dial"] = err
		if err == nil {
			c.Close()
		}
		l.Close()
	}
	l, done["tcp"] = net.Listen("tcp", "127.0.0.1:0")
	if l != nil {
		l.Close()
	}
	return done
}

// attackFiles gives what each attempt to change a file said: "in" for those in the folder that it may write to, "out" for the other.
func attackFiles(in, out string) map[string]string {
	found := map[string]string{}
	for where, dir := range map[string]string{"in": in, "out": out} {
		at := func(name string) string { return filepath.Join(dir, name) }
		for _, try := range []struct {
			name string
			do   func() error
		}{
			{"write", func() error { return os.WriteFile(at("there"), []byte("x"), 0o600) }},
			{"append", func() error {
				f, err := os.OpenFile(at("there"), os.O_WRONLY|os.O_APPEND, 0)
				if err == nil {
					f.Close()
				}
				return err
			}},
			{"create", func() error { return os.WriteFile(at("new"), nil, 0o600) }},
			{"mkdir", func() error { return os.Mkdir(at("folder"), 0o700) }},
			{"symlink", func() error { return os.Symlink("there", at("link")) }},
			{"rename", func() error { return os.Rename(at("there"), at("moved")) }},
			{"socket", func() error {
				l, err := net.Listen("unix", at("s"))
				if err == nil {
					l.Close()
				}
				return err
			}},
			{"remove", func() error { return os.Remove(at("doomed")) }},
		} {
			found[where+" "+try.name] = text(try.do())
		}
		_, err := os.ReadFile(at("readable"))
		found[where+" read"] = text(err)
	}
	found["out of in"] = text(os.Rename(filepath.Join(in, "readable"), filepath.Join(out, "brought")))
	status, err := os.ReadFile("/proc/self/status")
	found["status"] = string(status) + fmt.Sprint(err)
	return found
}

// startAgain starts this binary once more by the rules, as the attacker that mode names, and gives what that one found.
func startAgain(r Rules, mode string) (found map[string]string) {
	read, write, err := os.Pipe()
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	missing := ""
	err = Start(r, func(not string) error {
		missing = not
		env := []string{attackVariable + "=" + mode, Variable + "=" + not} // without this process' own, which would count
		_, err := syscall.ForkExec(os.Args[0], []string{os.Args[0], os.Args[1], os.Args[2]}, &syscall.ProcAttr{Env: env, Files: []uintptr{0, write.Fd(), 2}})
		return err
	})
	write.Close()
	if err == nil {
		err = json.NewDecoder(read).Decode(&found)
	}
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	found["not given up"] = missing
	return found
}

// allThreads gives the status of every thread.
func allThreads() (text string) {
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, task := range tasks {
		status, _ := os.ReadFile(task)
		text += string(status)
	}
	return text
}

// withoutLandlock starts a process as a kernel does that has no Landlock.
func withoutLandlock() map[string]string {
	arch, _ := auditArch()
	var a assembler
	a.load(offsetArch)
	a.jump(unix.BPF_JEQ, arch, 1, 0)
	a.ret(allowed)
	a.load(offsetNumber)
	a.jump(unix.BPF_JEQ, unix.SYS_LANDLOCK_CREATE_RULESET, 0, 1)
	a.ret(unknown)
	a.ret(allowed)
	if err := a.install(); err != nil {
		return map[string]string{"error": err.Error()}
	}
	fd, err := unix.Open(os.Args[1], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return startAgain(Rules{Write: []int{fd}}, "files")
}
