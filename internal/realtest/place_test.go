package realtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/incident"
)

// built gives the path of a daruma binary, built once for all tests of this package. DARUMA_TEST_BINARIES names a folder
// that has one already, for machines that have no Go.
var built = sync.OnceValues(func() (string, error) {
	name := "daruma"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if ready := os.Getenv("DARUMA_TEST_BINARIES"); ready != "" {
		return filepath.Join(ready, name), nil
	}
	dir, err := os.MkdirTemp("", "daruma-real-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	args := []string{"build", "-buildvcs=false", "-o", path}
	if buildFlags != "" {
		args = append(args, buildFlags)
	}
	out, err := exec.Command("go", append(args, "github.com/daruma-sh/daruma/cmd/daruma")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building daruma: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	beSomebodyElse()
	if signal.Ignored(syscall.SIGHUP) { // under nohup: a program inherits what is ignored, and not what is caught
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	code := m.Run()
	if path, err := built(); err == nil && os.Getenv("DARUMA_TEST_BINARIES") == "" {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// freePort gives a port that nobody uses now. It lies below the ports that the kernel gives to outgoing connections,
// so that no connection of another test takes it meanwhile.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 12000 + rand.IntN(18000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		return port
	}
	t.Fatal("no free port found among 100")
	return 0
}

// folder gives a folder with a short path: a unix socket's path has room for 107 bytes.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(dir)
			return
		}
		t.Logf("left for you to look at: %s", dir)
	})
	return dir
}

// incidents reads the record as daruma left it on disk.
func (s *service) incidents() []incident.Incident {
	s.t.Helper()
	history, err := incident.Read(filepath.Join(s.home, s.name, "state", "incidents.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return history.Incidents
}

// awaitRecovered waits for the one incident there should be to be closed, and gives it.
func (s *service) awaitRecovered() incident.Incident {
	s.t.Helper()
	var all []incident.Incident
	s.eventually("an incident with the outcome recovered", func() bool {
		all = s.incidents()
		return len(all) > 0 && all[len(all)-1].Outcome == incident.Recovered
	})
	if len(all) != 1 {
		s.t.Fatalf("%d incidents, want one: %+v", len(all), all)
	}
	return all[0]
}

// serviceProgram gives the path of the service in testdata/NAME, built into dir.
func serviceProgram(t *testing.T, dir, name string) string {
	t.Helper()
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	if ready := os.Getenv("DARUMA_TEST_BINARIES"); ready != "" {
		return filepath.Join(ready, file)
	}
	program := filepath.Join(dir, file)
	if out, err := exec.Command("go", "build", "-o", program, "../../service/testdata/"+name).CombinedOutput(); err != nil {
		t.Fatalf("building the service: %v\n%s", err, out)
	}
	return program
}
