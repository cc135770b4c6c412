package probe

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// With this variable the test binary is a supervisor that carries out one probe and prints the result.
const childVar = "DARUMA_PROBE_CHILD"

func TestMain(m *testing.M) {
	if arg := os.Getenv(childVar); arg != "" {
		child(arg)
		return
	}
	os.Exit(m.Run())
}

func child(arg string) {
	p, err := strconv.Atoi(arg)
	if err != nil {
		panic(err)
	}
	h := definition.Handler{HTTPGet: &definition.HTTPGetAction{Port: p, Path: "/"}}
	var runner Runner
	if p == 0 {
		h = definition.Handler{Exec: &definition.ExecAction{Command: []string{"check"}}}
		runner = func(ctx context.Context, _ []string) (int, []byte, error) {
			fmt.Println("running")
			<-ctx.Done()
			return -1, nil, ctx.Err()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r := Run(ctx, h, runner)
	fmt.Println("ok", r.OK, "unknown", r.Unknown)
}

// A supervisor that was stopped (or a machine that slept) finds its probe expired when it goes on.
// That is no failure of the program.
func TestAsleepIsNoFailure(t *testing.T) {
	silent := listen(t)
	for name, p := range map[string]int{"exec": 0, "http": port(silent)} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childVar+"="+strconv.Itoa(p))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var conn net.Conn
		if p == 0 {
			lines.Scan() // "running"
		} else if conn, err = silent.Accept(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second + stalledAfter + 300*time.Millisecond) // sleep: the point is that time goes by
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		lines.Scan()
		if got := strings.TrimSpace(lines.Text()); got != "ok false unknown true" {
			t.Errorf("%s: %q", name, got)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		if conn != nil {
			conn.Close()
		}
	}
}
