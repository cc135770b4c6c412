package supervisor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper"
)

func TestSignalNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"": keeper.SignalCtrlC, "SIGTERM": keeper.SignalCtrlC, "SIGINT": keeper.SignalCtrlC, "CTRL_C": keeper.SignalCtrlC,
		"CTRL_BREAK": keeper.SignalBreak, "SIGQUIT": keeper.SignalBreak, "WM_CLOSE": keeper.SignalClose, "SIGKILL": keeper.SignalKill,
	} {
		if got := signalNumber(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

func TestVariablesHaveNoCase(t *testing.T) {
	env := newEnv()
	env.set("Path", "old")
	env.set("PATH", "new")
	if list := env.list(); len(list) != 1 || lookup(list, "path") != "new" {
		t.Errorf("%q", list)
	}
}

// TestExecutablesWithoutExtension: one definition serves both systems.
func TestExecutablesWithoutExtension(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"server.exe", "server.cmd", "run.bat", "bare"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"./server": "server.exe", `.\server`: "server.exe", "./run": "run.bat", "./bare": "bare", "./SERVER.CMD": "SERVER.CMD", "./none": "",
	} {
		got, err := findExecutable(name, dir, "")
		if (err != nil) != (want == "") || err == nil && got != filepath.Join(dir, want) {
			t.Errorf("%s is %s, %v; want %s", name, got, err, want)
		}
	}
	if got, err := findExecutable("run", `C:\`, `relative;;"";`+dir); err != nil || got != filepath.Join(dir, "run.bat") {
		t.Errorf("in PATH: %s, %v", got, err)
	}
}

// TestEndReading: whoever else holds the other end of a pipe isn't waited for.
func TestEndReading(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	done := make(chan error, 1)
	go func() {
		_, err := read.Read(make([]byte, 1))
		done <- err
	}()
	endReading(read, 10*time.Millisecond)
	select {
	case err := <-done:
		if err == nil {
			t.Error("it read something")
		}
	case <-time.After(20 * time.Second):
		t.Error("the read goes on")
	}
	read.Close()
}
