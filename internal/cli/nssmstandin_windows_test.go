package cli

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc"
)

// standInFile is a stand-in for nssm.exe, not NSSM itself: a service of the Service Control Manager that runs what Application and
// AppParameters of its Parameters key say, and ends it when it is stopped.
const standInFile = "nssm-stand-in.exe"

type standIn struct{}

func runStandIn() int {
	if err := svc.Run("", standIn{}); err != nil {
		fmt.Fprintln(os.Stderr, "nssm-stand-in:", err)
		return 1
	}
	return 0
}

func (standIn) Execute(args []string, asked <-chan svc.ChangeRequest, say chan<- svc.Status) (bool, uint32) {
	say <- svc.Status{State: svc.StartPending}
	cmd, err := applicationOf(args[0])
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return true, 2
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	say <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop}
	for {
		select {
		case <-ended:
			return true, 3
		case r := <-asked:
			switch r.Cmd {
			case svc.Interrogate:
				say <- r.CurrentStatus
			case svc.Stop:
				say <- svc.Status{State: svc.StopPending}
				_ = cmd.Process.Kill()
				<-ended
				return false, 0
			}
		}
	}
}

func applicationOf(service string) (*exec.Cmd, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, servicesKey+service+`\Parameters`, registry.QUERY_VALUE)
	if err != nil {
		return nil, err
	}
	defer key.Close()
	application, _, err := key.GetStringValue("Application")
	if err != nil {
		return nil, err
	}
	parameters, _, err := key.GetStringValue("AppParameters")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(application)
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `"` + application + `" ` + parameters, HideWindow: true}
	return cmd, nil
}

const (
	servicesKey = `SYSTEM\CurrentControlSet\Services\`
	asProgram   = "be-a-program"
	asDaruma    = "be-daruma"
)

// runProgram is what both service managers run: it answers on a port of this machine with who runs it. Two of it can't run.
//
//	be-a-program PORT good|bad      bad: ends after a moment where daruma runs it
func runProgram(args []string) int {
	by := "nssm"
	if os.Getenv("DARUMA_RUN") != "" {
		by = "daruma"
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		fmt.Println(err)
		return 4
	}
	if by == "daruma" && args[1] == "bad" {
		time.Sleep(200 * time.Millisecond) // sleep: it is ready for a moment, and then it isn't
		fmt.Println("I can't work like this")
		return 3
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return 5
		}
		fmt.Fprint(c, by)
		_ = c.Close()
	}
}

// runDaruma is the command line, in a process that is ended at once, as by kill -9, when it has written for the nth time; 0: never.
func runDaruma(n string, args []string) int {
	left, err := strconv.Atoi(n)
	if err != nil {
		return 99
	}
	return Main(args, IO{In: os.Stdin, Out: &fatal{left}, Err: os.Stderr})
}

type fatal struct{ left int }

// killedCode is what the process ends with then.
const killedCode = 77

func (f *fatal) Write(text []byte) (int, error) {
	n, err := os.Stdout.Write(text)
	if f.left--; f.left == 0 {
		_ = windows.TerminateProcess(windows.CurrentProcess(), killedCode)
	}
	return n, err
}
