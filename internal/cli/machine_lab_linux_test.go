package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/lab"
)

// guest is a machine with daruma and testprog in a folder that only administrators can write.
type guest struct {
	t *testing.T
	*lab.Machine
	dir, daruma, testprog string // paths in the machine; dir ends with a separator
}

func newGuest(t *testing.T, boot func(testing.TB) *lab.Machine, goos, dir, suffix string) *guest {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
	g := &guest{t: t, Machine: boot(t), dir: dir, daruma: dir + "daruma" + suffix, testprog: dir + "testprog" + suffix}
	g.build(goos, g.daruma, "./cmd/daruma")
	g.build(goos, g.testprog, "./internal/testprog")
	return g
}

// build puts a program of this module into the machine.
func (g *guest) build(goos, name, pkg string) {
	g.t.Helper()
	binary := filepath.Join(g.t.TempDir(), filepath.Base(pkg))
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, pkg)
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		g.t.Fatalf("go build %s for %s: %v\n%s", pkg, goos, err, out)
	}
	g.Copy(binary, name)
}

// do runs a verb that must end with the code, and gives both outputs.
func (g *guest) do(code int, args ...string) string {
	g.t.Helper()
	r, err := g.Run(g.t.Context(), g.daruma, args...)
	if err != nil || r.ExitCode != code {
		g.t.Fatalf("daruma %s: want exit code %d: %v %v", strings.Join(args, " "), code, err, r)
	}
	return string(r.Stdout) + string(r.Stderr)
}

// says is do for an answer that must contain all the words.
func (g *guest) says(code int, words []string, args ...string) {
	g.t.Helper()
	answer := g.do(code, args...)
	for _, word := range words {
		if !strings.Contains(answer, word) {
			g.t.Errorf("daruma %s doesn't say %q:\n%s", strings.Join(args, " "), word, answer)
		}
	}
}

// await asks for the service's status until it is as it should be; each asking takes its time.
func (g *guest) await(what, service string, good func(view) bool) view {
	g.t.Helper()
	var last string
	for range 300 {
		r, err := g.Run(g.t.Context(), g.daruma, "status", service, "-o", "json")
		if err != nil {
			g.t.Fatal(err)
		}
		var v view
		if last = r.String(); json.Unmarshal(r.Stdout, &v) == nil && good(v) {
			return v
		}
	}
	g.t.Fatalf("%s: it never came to that; the last status: %s", what, last)
	return view{}
}

// up waits until every program runs.
func (g *guest) up(what, service string) view {
	g.t.Helper()
	return g.await(what, service, func(v view) bool {
		for _, p := range v.Programs {
			if p.State != control.StateRunning || p.PID == 0 {
				return false
			}
		}
		return v.Running && len(v.Programs) > 0
	})
}

// falls kills what holds the service up, one after the other, and waits for its return.
func (g *guest) falls(service string, kill func(pid int)) {
	g.t.Helper()
	before := g.up("before any fall", service)
	kill(before.Programs[0].PID)
	after := g.await("a program was killed", service, func(v view) bool {
		return v.Running && v.Programs[0].PID != 0 && v.Programs[0].PID != before.Programs[0].PID
	})
	if after.SupervisorPID != before.SupervisorPID || after.KeeperPID != before.KeeperPID {
		g.t.Errorf("a program was killed, and supervisor or keeper were replaced: %+v, then %+v", before, after)
	}
	kill(after.SupervisorPID)
	last := g.await("the supervisor was killed", service, func(v view) bool {
		return v.Running && v.SupervisorPID != after.SupervisorPID
	})
	if last.KeeperPID != before.KeeperPID || last.Programs[0].PID != after.Programs[0].PID {
		g.t.Errorf("the supervisor was killed, and the program didn't run on: %+v, then %+v", after, last)
	}
}
