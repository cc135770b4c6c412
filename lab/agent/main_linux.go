// Command agent runs the lab's commands in a machine that has a kernel of its own: agent /dev/ttyS0 FOLDER. The lab builds it, and
// the machine's systemd starts it from a folder of the host (lab/recipe/kernel.sh).
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/lab/tree"
	"github.com/daruma-sh/daruma/lab/wire"
)

func main() {
	err := serve(os.Args[1], os.Args[2]) // returns when the line breaks, and only then
	fmt.Fprintln(os.Stderr, "agent:", err)
	os.Exit(1)
}

// raw makes of a terminal line a plain stream of bytes.
func raw(f *os.File) error {
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
}

func serve(path, share string) error {
	// Without O_NOCTTY the line would become this process's terminal, and its end a SIGHUP.
	line, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	if err := raw(line); err != nil {
		return err
	}
	if _, err := line.WriteString(wire.Hello); err != nil {
		return err
	}
	to := &wire.Writer{W: line}
	running := map[uint32]string{} // tokens
	for in := (wire.Reader{R: line}); ; {
		f, err := in.Next()
		if err != nil {
			return err
		}
		switch f.Kind {
		case wire.Start:
			running[f.Command] = start(share, f.Command, to)
		case wire.Kill:
			if token := running[f.Command]; token != "" {
				go tree.Kill(token)
			}
		}
	}
}

// start starts a command and gives the token by which its tree is known.
func start(share string, number uint32, to *wire.Writer) string {
	order, cmd, err := command(share, number, to)
	if err != nil {
		exited(to, number, -1, err)
		return ""
	}
	go func() {
		err := cmd.Wait()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
			err = nil
		}
		code := cmd.ProcessState.ExitCode()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
			code = 128 + int(status.Signal())
		}
		exited(to, number, code, err)
	}()
	return order.Token
}

func command(share string, number uint32, to *wire.Writer) (wire.Order, *exec.Cmd, error) {
	var order wire.Order
	text, err := os.ReadFile(filepath.Join(share, wire.OrderFile(number)))
	if err != nil {
		return order, nil, err
	}
	if err := json.Unmarshal(text, &order); err != nil {
		return order, nil, err
	}
	stdin, err := os.Open(filepath.Join(share, wire.StdinFile(number)))
	if err != nil {
		return order, nil, err
	}
	defer stdin.Close()
	cmd := exec.Command(order.Line[0], order.Line[1:]...)
	cmd.Env = append(order.Env, tree.Mark(order.Token))
	cmd.Stdin = stdin
	cmd.Stdout = wire.Stream{To: to, Kind: wire.Stdout, Command: number}
	cmd.Stderr = wire.Stream{To: to, Kind: wire.Stderr, Command: number}
	cmd.WaitDelay = time.Second
	return order, cmd, cmd.Start()
}

func exited(to *wire.Writer, command uint32, code int, err error) {
	b := binary.BigEndian.AppendUint32(nil, uint32(int32(code)))
	if err != nil {
		b = append(b, err.Error()...)
	}
	to.Send(wire.Exit, command, b)
}
