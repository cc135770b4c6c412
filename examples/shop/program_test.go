package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen; only a failing test ever uses it up.
const patience = 30 * time.Second

// built gives the folder with api and worker, built once for all tests of this package.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shop-test-")
	if err != nil {
		return "", err
	}
	return dir, build(dir, ".")
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// program is one running half of the shop.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	said  []string // what await has read so far
	ended chan struct{}
}

// start runs bin/NAME; the test ends it.
func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(filepath.Join(bin, name+suffix()), args...),
		lines: make(chan string, 10000), ended: make(chan struct{})}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			p.lines <- scan.Text()
		}
		close(p.lines)
		p.cmd.Wait() // its verdict is in ProcessState
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// await gives the first further line of the program's output that contains what.
func (p *program) await(what string) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				p.t.Fatalf("%s ended without saying %q; it said:\n%s", p.cmd.Path, what, strings.Join(p.said, "\n"))
			}
			p.said = append(p.said, line)
			if strings.Contains(line, what) {
				return line
			}
		case <-late:
			p.t.Fatalf("%s didn't say %q within %v; it said:\n%s", p.cmd.Path, what, patience, strings.Join(p.said, "\n"))
		}
	}
}

// exitCode waits for the end of the program.
func (p *program) exitCode() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s still runs after %v", p.cmd.Path, patience)
		return 0
	}
}

// startAPI runs the api on a free port and gives its address.
func startAPI(t *testing.T, args ...string) (api *program, url string) {
	t.Helper()
	api = start(t, "api", append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	return api, "http://" + address(api.await("listening on "), "listening on ")
}

func startWorker(t *testing.T, api string) (worker *program, url string) {
	t.Helper()
	worker = start(t, "worker", "-api", api, "-health", "127.0.0.1:0", "-poll", "10ms")
	return worker, "http://" + address(worker.await("health on "), "health on ")
}

// address takes "127.0.0.1:1234" out of "… after127.0.0.1:1234, pid 5".
func address(line, after string) string {
	_, rest, _ := strings.Cut(line, after)
	addr, _, _ := strings.Cut(rest, ",")
	return addr
}
