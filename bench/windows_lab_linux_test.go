package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

// BenchmarkWindowsRestart runs the restart case in a Windows machine of the lab: kill → first instruction of the next instance, all
// peers side by side, each b.N times.
//
//	go test ./bench -run '^$' -bench WindowsRestart -benchtime 100x
func BenchmarkWindowsRestart(b *testing.B) {
	const dir = `C:\Program Files\bench`
	m := lab.Windows(b)
	for name, pkg := range map[string]string{"daruma.exe": "../cmd/daruma", "winfirst.exe": "./winfirst", "wincrash.exe": "./wincrash"} {
		m.Copy(forWindows(b, pkg), dir+`\`+name)
	}
	const uptime = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(b.Context(), time.Duration(b.N)*10*time.Second+time.Minute)
	defer cancel()
	b.ResetTimer()
	r, err := m.Run(ctx, dir+`\wincrash.exe`, dir, strconv.Itoa(b.N), uptime.String())
	b.StopTimer()
	var took map[string][]float64
	if err != nil || r.ExitCode != 0 || json.Unmarshal(r.Stdout, &took) != nil {
		b.Fatalf("wincrash: %v %v", err, r)
	}
	t := table{columns: []string{"median", "p90", "range"}, ratio: true}
	for _, name := range []string{"bare", "console", "run", "service"} {
		t.add(name, median(took[name]), "", figure(median(took[name])), figure(quantile(took[name], 0.9)), spread(took[name]))
		b.ReportMetric(median(took[name]), name+"-ms")
	}
	b.ReportMetric(median(took["service"])/median(took["bare"]), "service/bare")
	b.Logf("kill → first instruction of the next instance, ms, %d kills each\n%s", b.N, t.markdown())
}

// TestSizeForWindows: daruma.exe as it is shipped is at most 16 MiB.
func TestSizeForWindows(t *testing.T) {
	const limit = 16 << 20
	info, err := os.Stat(forWindows(t, "../cmd/daruma"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("daruma.exe: %.2f MiB", float64(info.Size())/(1<<20))
	if info.Size() > limit {
		t.Errorf("daruma.exe has %d bytes, more than %d: find what came in with go tool nm -size -sort size", info.Size(), limit)
	}
}

// forWindows builds a package as it is shipped.
func forWindows(t testing.TB, pkg string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), filepath.Base(pkg)+".exe")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", exe, pkg)
	cmd.Env = append(os.Environ(), "GOOS=windows", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return exe
}
