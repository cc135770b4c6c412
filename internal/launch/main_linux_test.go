package launch

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// The test binary plays three more parts besides its own (and the launcher's, which is in the package's init): a keeper
// that some test can run as another user or kill, and a program that serves a socket it was handed.
const (
	roleVariable = "LAUNCH_TEST_ROLE"
	planVariable = "LAUNCH_TEST_PLAN" // hex, for the keepers
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "keeper":
		os.Exit(playKeeper())
	case "server":
		os.Exit(playServer())
	}
	os.Exit(3)
}

// playKeeper starts the plan with its own stdio, says "error: …" on stdout where it fails, and waits for the program.
func playKeeper() int {
	runtime.LockOSThread()
	data, _ := hex.DecodeString(os.Getenv(planVariable))
	p, err := Decode(data)
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	pid, err := startNow(*p, Attachments{Stdio: [3]uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		fmt.Println("error:", err)
	}
	return status.ExitStatus()
}

// playServer checks LISTEN_PID as sd_listen_fds(3) does and answers one connection on fd 3 with its variables.
func playServer() int {
	if os.Getenv("LISTEN_PID") != fmt.Sprint(os.Getpid()) {
		fmt.Fprintln(os.Stderr, "LISTEN_PID is", os.Getenv("LISTEN_PID"), "but I am", os.Getpid())
		return 1
	}
	flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, 3, syscall.F_GETFL, 0)
	listener, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	conn, err := listener.Accept()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintf(conn, "fds=%s names=%s nonblock=%v", os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES"), flags&syscall.O_NONBLOCK != 0)
	conn.Close()
	return 0
}
