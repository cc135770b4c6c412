package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

func releaseOf(version string) release {
	return release{version: version, date: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
}

// windowsFiles stand for what an archive for Windows holds. exe is daruma.exe's content.
func windowsFiles(exe []byte) []file {
	return sorted([]file{{"daruma.exe", 0o755, exe}, {"daruma-observe.exe", 0o755, []byte("observe")}, {"LICENSE", 0o644, []byte("licence")},
		{"completions/daruma.powershell", 0o644, []byte("Register")}})
}

func msi(t *testing.T, version, arch string, exe []byte) []byte {
	t.Helper()
	needs(t, "wixl", "msibuild", "msiinfo")
	data, err := releaseOf(version).installer(t.Context(), target{"windows", arch, ""}, windowsFiles(exe))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestInstaller: the same bytes in each build, for the right processor, dated, and without anything that touches services.
func TestInstaller(t *testing.T) {
	arm, again, amd := msi(t, "1.3.0-rc.1", "arm64", []byte("MZ")), msi(t, "1.3.0-rc.1", "arm64", []byte("MZ")), msi(t, "1.3.0", "amd64", []byte("MZ"))
	if !bytes.Equal(arm, again) {
		t.Error("it differs from build to build")
	}
	dir := t.TempDir()
	write(t, dir, "arm.msi", arm)
	write(t, dir, "amd.msi", amd)
	info := func(args ...string) string {
		cmd := exec.Command("msiinfo", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("msiinfo %q: %v: %s", args, err, out)
		}
		return strings.ReplaceAll(string(out), "\r", "")
	}
	for name, template := range map[string]string{"arm.msi": "Arm64;1033", "amd.msi": "x64;1033"} {
		summary := info("suminfo", name)
		for _, want := range []string{"Template: " + template + "\n", "Created: Wed Jul  1 12:00:00 2026\n", "Last saved: Wed Jul  1 12:00:00 2026\n"} {
			if !strings.Contains(summary, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, summary)
			}
		}
		tables := info("tables", name)
		for _, forbidden := range []string{"ServiceInstall\n", "ServiceControl\n"} {
			if strings.Contains(tables, forbidden) {
				t.Errorf("%s has the table %s", name, forbidden)
			}
		}
		if actions := info("export", name, "CustomAction"); strings.Count(actions, "\n") > 3 {
			t.Errorf("%s runs something: %s", name, actions)
		}
	}
	before, after := info("export", "arm.msi", "Property"), info("export", "amd.msi", "Property")
	line := func(text, name string) string {
		_, rest, _ := strings.Cut(text, "\n"+name+"\t")
		value, _, _ := strings.Cut(rest, "\n")
		return value
	}
	if line(before, "ProductCode") == line(after, "ProductCode") || line(before, "ProductVersion") != "1.3.0" {
		t.Errorf("a release candidate and its release are the same product:\n%s", before)
	}
	// A release of years from now must find these codes: they are written out here on purpose.
	if code := line(after, "UpgradeCode"); code != line(before, "UpgradeCode") || code != "{3E634BDE-627E-5CC0-83EA-7ED05E32487E}" {
		t.Errorf("the upgrade code is %s: no release would replace another", code)
	}
	if line(after, "REBOOT") != "ReallySuppress" || line(after, "MSIRESTARTMANAGERCONTROL") != "Disable" {
		t.Errorf("msiexec /qn might restart the machine or stop what runs:\n%s", after)
	}
}

// TestDateRefused: a file that isn't as expected is left alone.
func TestDateRefused(t *testing.T) {
	data := msi(t, "1.2.3", "amd64", []byte("MZ"))
	at := bytes.Index(data, []byte{0xe0, 0x85, 0x9f, 0xf2})
	data[at+20]++ // the number of properties' place, or what comes before
	for _, broken := range [][]byte{nil, []byte("MZ"), data[:at+20], data[:at+40]} {
		if err := dateInstaller(broken, time.Now()); err == nil {
			t.Errorf("%d bytes are dated", len(broken))
		}
	}
}

// idle is a program that says something, and ends; with an argument it runs until it reads something, or forever.
func idle(t *testing.T, system, says string) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "main.go", fmt.Appendf(nil, `package main

import (
	"os"
	"time"
)

func main() {
	os.Stdout.WriteString(%q)
	switch {
	case len(os.Args) < 2:
	case os.Args[1] == "forever":
		time.Sleep(1<<63 - 1)
	default:
		os.Stdin.Read(make([]byte, 1))
		os.Stdout.WriteString("ended as told\\n")
	}
}
`, says+"\n"))
	cmd := exec.Command("go", "build", "-trimpath", "-o", "daruma.exe", "main.go")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return read(t, dir, "daruma.exe")
}

// TestInstallerOnWine: install, upgrade, refusal of an older release, uninstall. What runs isn't ended.
func TestInstallerOnWine(t *testing.T) {
	t.Parallel() // it waits for Wine most of the time
	if why := lab.Missing(); why != "" && os.Getenv("DARUMA_CI") == "" {
		t.Skip(why)
	}
	const folder, exe = `C:\Program Files\daruma\`, `C:\Program Files\daruma\daruma.exe`
	m := lab.Windows(t)
	dir := t.TempDir()
	for name, version := range map[string]string{"old": "1.2.9", "new": "1.3.0"} {
		write(t, dir, name+".msi", msi(t, version, "amd64", idle(t, "windows", "this is "+version)))
		m.Copy(filepath.Join(dir, name+".msi"), `C:\`+name+".msi")
	}
	path := func() string {
		r, err := m.Run(t.Context(), "reg", "query", `HKLM\System\CurrentControlSet\Control\Session Manager\Environment`, "/v", "Path")
		if err != nil || r.ExitCode != 0 {
			t.Fatal(err, r)
		}
		return strings.TrimRight(strings.TrimSpace(string(r.Stdout)), ";") // Wine leaves the separator behind, Windows doesn't
	}
	says := func() string {
		r, err := m.Run(t.Context(), exe)
		if err != nil || r.ExitCode != 0 {
			t.Fatal(err, r)
		}
		return strings.TrimSpace(string(r.Stdout))
	}
	first := path()
	gone := func(after string) {
		m.Output("msiexec", "/x", `C:\new.msi`, "/qn")
		for _, name := range []string{"daruma.exe", "daruma-observe.exe", "LICENSE", `completions\daruma.powershell`} {
			if m.Exists(folder + name) {
				t.Errorf("%s is still there after the uninstallation that followed %s", name, after)
			}
		}
		if got := path(); got != first {
			t.Errorf("Path was %s and is %s after %s", first, got, after)
		}
	}
	// First the older one on top of the newer one: after an upgrade Wine has forgotten what the upgrade code stood for.
	m.Output("msiexec", "/i", `C:\new.msi`, "/qn")
	if r, err := m.Run(t.Context(), "msiexec", "/i", `C:\old.msi`, "/qn"); err != nil || r.ExitCode == 0 {
		t.Errorf("an older release is taken: %v %v", err, r)
	}
	if got := says(); got != "this is 1.3.0" {
		t.Errorf("after an older release was tried: %q", got)
	}
	gone("the refusal")

	m.Output("msiexec", "/i", `C:\old.msi`, "/qn")
	if got := says(); got != "this is 1.2.9" {
		t.Fatalf("installed: %q", got)
	}
	if got := path(); strings.Count(got, `\daruma\`) != 1 {
		t.Errorf("Path after the installation: %s", got)
	}
	stdin, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	running := m.Start(lab.Command{Path: exe, Args: []string{"run"}, Stdin: stdin})
	if _, err := running.Await(t.Context(), "this is 1.2.9"); err != nil {
		t.Fatal(err)
	}

	// 194: all that Wine hands on of 3010, ERROR_SUCCESS_REBOOT_REQUIRED. Wine replaces a program that runs at the next boot.
	if r, err := m.Run(t.Context(), "msiexec", "/i", `C:\new.msi`, "/qn"); err != nil || r.ExitCode != 194 {
		t.Fatalf("upgrade: %v %v", err, r)
	}
	if got := path(); strings.Count(got, `\daruma\`) != 1 {
		t.Errorf("Path after the upgrade: %s", got)
	}
	if _, err := hold.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if r, err := running.Wait(t.Context()); err != nil || !strings.Contains(string(r.Stdout), "ended as told") {
		t.Errorf("what ran was ended: %v %v", err, r)
	}
	m.Reboot()
	if got := says(); got != "this is 1.3.0" {
		t.Errorf("after the upgrade: %q", got)
	}
	gone("the upgrade")
}
