package launchplan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/envfile"
	"github.com/daruma-sh/daruma/internal/launch"
)

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

// TestAPathFromTheDrivesRoot lies on the definition's drive, for command as for workingDir.
func TestAPathFromTheDrivesRoot(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "server.exe"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	rooted := filepath.Join(dir, "server")[len(filepath.VolumeName(dir)):]
	if got, err := findExecutable(rooted, filepath.VolumeName(dir)+`\elsewhere`, ""); err != nil || got != filepath.Join(dir, "server.exe") {
		t.Errorf("%s is %s, %v", rooted, got, err)
	}
}

// TestADriveThatIsMissing is one that somebody mapped in his own session.
func TestADriveThatIsMissing(t *testing.T) {
	drive := ""
	for c := 'Y'; c > 'C' && drive == ""; c-- {
		if _, err := os.Stat(string(c) + `:\`); os.IsNotExist(err) {
			drive = string(c) + ":"
		}
	}
	want := "there is no drive " + drive + " here: a drive of the network belongs to the session that mapped it"
	if _, err := findExecutable(drive+`\bin\server`, t.TempDir(), ""); err == nil || !strings.HasPrefix(err.Error(), "command "+drive+`\bin\server: `+want) {
		t.Errorf("command: %v", err)
	}
	if err := checkFolder(drive + `\work`); err == nil || !strings.HasPrefix(err.Error(), "workingDir "+drive+`\work: `+want) {
		t.Errorf("workingDir: %v", err)
	}
	if _, err := envfile.Read(drive+`\api.env`, launch.Leave); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("envFiles: %v", err)
	}
}
