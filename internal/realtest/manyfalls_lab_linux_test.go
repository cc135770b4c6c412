package realtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

// TestManyFallsOnWine has TestHandlesStayFlat run under Wine, by itself: there it keeps both processors busy, for six minutes where they are a
// thousand falls. It runs where DARUMA_TEST_FALLS says how many; .ci/run does that in a step of its own.
func TestManyFallsOnWine(t *testing.T) {
	falls := os.Getenv("DARUMA_TEST_FALLS")
	if falls == "" {
		t.Skip("this test takes minutes of two processors; DARUMA_TEST_FALLS=1000 runs it")
	}
	const dir = `C:\lab\`
	m := lab.Windows(t)
	for guest, args := range map[string][]string{
		"real.exe": {"test", "-c", "."}, "bin\\daruma.exe": {"build", "../../cmd/daruma"}, "bin\\testprog.exe": {"build", "../testprog"},
	} {
		exe := filepath.Join(t.TempDir(), "x.exe")
		last := len(args) - 1
		build := exec.Command("go", append(append(args[:last:last], "-buildvcs=false", "-o", exe), args[last])...)
		build.Env = append(os.Environ(), "GOOS=windows", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
		m.Copy(exe, dir+guest)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
	defer cancel()
	r, err := m.RunCommand(ctx, lab.Command{Path: dir + "real.exe", Dir: `C:\lab`, Args: []string{"-test.v", "-test.run=^TestHandlesStayFlat$"},
		Env: []string{"DARUMA_LAB=wine", "DARUMA_TEST_FALLS=" + falls, `DARUMA_TEST_BINARIES=C:\lab\bin`}})
	if err != nil || r.ExitCode != 0 || !strings.Contains(string(r.Stdout), "--- PASS: TestHandlesStayFlat") {
		t.Fatalf("%v %v", err, r)
	}
	t.Logf("%s", r.Stdout)
}
