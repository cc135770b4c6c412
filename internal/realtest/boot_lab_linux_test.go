package realtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/lab"
)

// winBox is a Windows machine with an installed service in it, which can be booted and cut.
type winBox struct {
	*lab.Machine
	t *testing.T
}

const (
	boxDir    = `C:\Program Files\daruma\`
	boxDaruma = boxDir + "daruma.exe"
)

const boxKinds = `name: shop
programs:
  console: {command: [./testprog, grace]}
  deaf: {command: [./testprog, ignore-stop], terminationGracePeriodSeconds: 1}
  family: {command: [./testprog, fork, -n, "2", -daemon]}
  window: {command: [./testprog, window], terminationGracePeriodSeconds: 4}
  batch: {command: [./loop.bat]}
`

func newBox(t *testing.T) *winBox {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
	b := &winBox{Machine: lab.Windows(t), t: t}
	for guest, pkg := range map[string]string{boxDaruma: "../../cmd/daruma", boxDir + "testprog.exe": "../testprog"} {
		binary := filepath.Join(t.TempDir(), filepath.Base(pkg))
		build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, pkg)
		build.Env = append(os.Environ(), "GOOS=windows", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
		b.Copy(binary, guest)
	}
	b.Write(boxDir+"daruma.yaml", boxKinds, 0o644)
	b.Write(boxDir+"loop.bat", "@echo off\r\necho ready\r\n:again\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n", 0o644)
	return b
}

// says runs a verb and gives what it says; code is what it must end with, -1 anything.
func (b *winBox) says(code int, args ...string) string {
	b.t.Helper()
	r, err := b.Run(b.t.Context(), boxDaruma, args...)
	if err != nil || code >= 0 && r.ExitCode != code {
		b.t.Fatalf("daruma %s: want exit code %d: %v %v", strings.Join(args, " "), code, err, r)
	}
	return string(r.Stdout)
}

// up waits until all programs run.
func (b *winBox) up() (st control.Status) {
	b.t.Helper()
	var last string
	for range 200 {
		st = control.Status{}
		last = b.says(-1, "status", "shop", "-o", "json")
		if json.Unmarshal([]byte(last), &st) != nil || len(st.Programs) == 0 {
			continue
		}
		running := 0
		for _, p := range st.Programs {
			if p.State == control.StateRunning && p.PID != 0 {
				running++
			}
		}
		if running == len(st.Programs) {
			return st
		}
	}
	b.t.Fatalf("it never came up; the last status: %s", last)
	return st
}

// fell waits until every program has fallen n times with the machine, and stands again on record. Where the machine is Wine, the time
// since boot is the host's, and so the record takes it for a death of the keeper.
func (b *winBox) fell(n int) {
	b.t.Helper()
	var last string
	for range 200 {
		var answer []struct{ Incidents []incident.Incident }
		last = b.says(0, "incidents", "shop", "-o", "json")
		if err := json.Unmarshal([]byte(last), &answer); err != nil || len(answer) != 1 {
			b.t.Fatalf("daruma incidents: %v, %s", err, last)
		}
		stood := map[string]int{}
		for _, one := range answer[0].Incidents {
			if one.Outcome == incident.Recovered && (one.Kind == incident.Keeper || one.Kind == incident.Machine) {
				stood[one.Program] += one.Falls // soon after one another they are one incident
			}
		}
		if stood["console"] == n && stood["deaf"] == n && stood["family"] == n && stood["window"] == n && stood["batch"] == n {
			return
		}
	}
	b.t.Fatalf("not every program fell %d times and stands again: %s", n, last)
}

// TestWindowsServiceBoots: up before anybody logs on, after an orderly end of the machine, after the plug was pulled, and also where
// it had been stopped by hand before.
func TestWindowsServiceBoots(t *testing.T) {
	b := newBox(t)
	b.says(0, "install", boxDir+"daruma.yaml", "--now")
	before := b.up()
	b.Reboot()
	if now := b.up(); now.StartedAt.Equal(before.StartedAt) {
		t.Error("nothing was booted")
	}
	b.fell(1)
	// The registry of a machine that is cut off keeps what was saved; the reboot did.
	b.CutPower()
	b.Boot()
	b.up()
	b.fell(2)
	b.says(0, "stop", "shop")
	if out := b.says(0, "ensure", "shop"); !strings.Contains(out, "stopped on purpose") {
		t.Errorf("daruma ensure says %q", out)
	}
	b.Reboot()
	b.up()
	b.says(0, "uninstall", "shop", "--purge")
	b.Reboot()
	if r, err := b.Run(t.Context(), "sc", "query", "shop"); err != nil || r.ExitCode != 1060&0xff {
		t.Errorf("uninstalled, and after a boot it is there: %v %v", err, r)
	}
}

// TestWindowsServiceStartsLater: delayed start, AutoStartDelay after the boot (3 s in the lab's machine).
func TestWindowsServiceStartsLater(t *testing.T) {
	b := newBox(t)
	b.says(0, "install", boxDir+"daruma.yaml", "--start-type", "delayed")
	b.Reboot()
	if out := b.says(-1, "status", "shop"); !strings.Contains(out, "STOPPED") || !strings.Contains(out, "1077") {
		t.Errorf("right after the boot: %s", out)
	}
	st := b.up()
	// A task that comes in the night finds it running.
	if out := b.says(0, "ensure", "shop"); !strings.Contains(out, "runs") {
		t.Errorf("daruma ensure says %q", out)
	}
	if !slices.Contains(strings.Fields(b.Output("tasklist")), strconv.Itoa(st.KeeperPID)) {
		t.Errorf("there is no keeper %d", st.KeeperPID)
	}
}
