package service_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestExampleLoggingRuns(t *testing.T) {
	cmd := exec.Command(build(t, "linux", filepath.Join("examples", "kardianos", "logging")), "-every", "5ms")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if said = append(said, lines.Text()); len(said) == 3 {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit code 0", err)
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{" starts in a terminal (linux-", " still here", " stops"} {
		if !strings.Contains(all, want) {
			t.Errorf("stderr has no %q:\n%s", want, all)
		}
	}
}

func TestExampleRunnerEndsWithItsCommand(t *testing.T) {
	out, err := exec.Command(build(t, "linux", filepath.Join("examples", "kardianos", "runner")), "hello", "echo", "from the command").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("from the command\n")) || !bytes.Contains(out, []byte("echo has ended: <nil>")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestExampleStopPauseTakesItsTime(t *testing.T) {
	cmd := exec.Command(build(t, "linux", filepath.Join("examples", "kardianos", "stoppause")))
	cmd.Env = append(os.Environ(), "STOP_PAUSE=700ms")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil || !strings.Contains(line, "runs") {
		t.Fatalf("its first words: %q, %v", line, err)
	}
	begin := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit code 0", err)
	}
	if took := time.Since(begin); took < 700*time.Millisecond {
		t.Errorf("it stopped after %v, before its Stop had returned", took)
	}
}

// TestMovingAfterRuns: the ones that listen on no port.
func TestMovingAfterRuns(t *testing.T) {
	for name, words := range map[string]string{"from-go-svc": "tick", "from-x-sys-svc": "work"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(build(t, "linux", filepath.Join("examples", "moving", name)))
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stderr).ReadString('\n')
			if err != nil || !strings.Contains(line, words) {
				t.Errorf("its first words: %q, %v, want %q", line, err, words)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGTERM: %v, want exit code 0", err)
			}
		})
	}
}
