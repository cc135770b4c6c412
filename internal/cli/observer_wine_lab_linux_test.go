package cli

import (
	"strings"
	"testing"
	"time"
)

// TestObserverOnWine: an observe.yaml becomes a service of Windows, which writes what it sees. What Wine can't show: that the observer sees only
// those services that name it, and that nobody else reads its secrets.
func TestObserverOnWine(t *testing.T) {
	g := newWindows(t)
	file := g.dir + "observe.yaml"
	g.build("windows", g.dir+"daruma-observe.exe", "./cmd/daruma-observe")
	g.Write(file, "textfile: {folder: 'C:\\metrics', periodSeconds: 1}\n", 0o644)
	g.Output("cmd", "/c", `mkdir C:\metrics`)
	g.says(0, []string{`SERVICE_START_NAME: NT SERVICE\daruma-observe`, "daruma observer"}, "install", file, "-n")
	g.says(0, []string{"daruma-observe runs", "control: {readers: [daruma-observe]}"}, "install", file, "--now")
	g.says(0, []string{"nothing changed"}, "install", file)
	g.says(0, []string{"says: 1 service"}, "status", "daruma-observe")
	const written = `C:\metrics\daruma.prom`
	text := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && !strings.Contains(text, "daruma_program_ready"); time.Sleep(100 * time.Millisecond) { // sleep: nobody tells, it is asked
		if g.Exists(written) {
			text = g.Read(written)
		}
	}
	if want := `daruma_program_ready{program="observer",service="daruma-observe"} 1`; !strings.Contains(text, want) {
		t.Errorf("the metrics lack %s:\n%s", want, text)
	}
	if !g.Exists(`C:\ProgramData\daruma\daruma-observe\state\observer\counters.json`) {
		t.Error("the counters aren't kept in the service's own folder")
	}
	g.says(0, []string{"STOPPED"}, "stop", "daruma-observe")
	if g.Exists(written) {
		t.Error("the observer ended, and its metrics are still there")
	}
	g.do(0, "uninstall", "daruma-observe", "--purge")
	if g.Exists(`C:\ProgramData\daruma\daruma-observe`) {
		t.Error("purged, and its folder is still there")
	}
}
