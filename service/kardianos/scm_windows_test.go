package service_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// onSCM skips where the right to install services is missing.
func onSCM(t *testing.T) {
	t.Helper()
	m, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("needs the right to install services: %v", err)
		}
		t.Skipf("needs the right to install services (run it as administrator): %v", err)
	}
	_ = windows.CloseServiceHandle(m)
}

func TestSCMLife(t *testing.T) {
	onSCM(t)
	const environment = "a b$c%d"
	s := newInstalled(t, "environment")
	s.does("install")
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\kardianos-environment`, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	if set, _, err := key.GetStringsValue("Environment"); err != nil || len(set) != 1 || set[0] != "KARDIANOS_TEST="+environment {
		t.Errorf("the service's environment: %q, %v", set, err)
	}
	expected := environment
	if wine.Running() {
		t.Log("not checked here: Wine's SCM doesn't hand the service its environment; what is in the registry is right")
		expected = ""
	}
	live(t, "ok", expected)
}

func TestSCMServiceControlsItself(t *testing.T) {
	onSCM(t)
	liveAlone(t)
}

// TestSCMWorkingDirectory: Windows starts services in its system folder, where the original left them.
func TestSCMWorkingDirectory(t *testing.T) {
	onSCM(t)
	s := newInstalled(t, "folder")
	s.does("install")
	s.does("start")
	awaitFile(t, s.file, "in "+filepath.Dir(s.file)+" <nil>", 1)
	s.does("stop")
}

// TestSCMStopIsNotCutShort: the SCM is told of progress as long as Stop works.
func TestSCMStopIsNotCutShort(t *testing.T) {
	onSCM(t)
	s := newInstalled(t, "slowstop")
	s.does("install")
	s.does("start")
	awaitFile(t, s.file, "start interactive=false", 1)
	s.does("stop")
	s.is(isStopped)
	awaitFile(t, s.file, "stop\nstopped\nrun: <nil>\n", 1)
}

// TestSCMStartThatBlocks: the service comes to run, and stops. It takes startGrace.
func TestSCMStartThatBlocks(t *testing.T) {
	onSCM(t)
	if testing.Short() {
		t.Skip("takes half a minute: run it without -short")
	}
	s := newInstalled(t, "block")
	s.does("install")
	s.does("start")
	s.is(isRunning)
	s.does("stop")
	s.is(isStopped)
	awaitFile(t, s.file, "stop\nrun: <nil>\n", 1)
}

// TestSCMHearsOfFailures: Start's error reaches whoever starts the service.
func TestSCMHearsOfFailures(t *testing.T) {
	onSCM(t)
	s := newInstalled(t, "failstart")
	s.does("install")
	s.refuses("start", "")
	awaitFile(t, s.file, "run: no start", 1)
}

// TestSCMEventSource: installed with the service, gone with it, and good to write to.
func TestSCMEventSource(t *testing.T) {
	onSCM(t)
	const path = `SYSTEM\CurrentControlSet\Services\EventLog\Application\kardianos-logs`
	s := newInstalled(t, "logs")
	s.does("install")
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		t.Fatalf("the event source: %v", err)
	}
	types, _, err := key.GetIntegerValue("TypesSupported")
	if err != nil || types != 7 {
		t.Errorf("TypesSupported %d, %v, want 7: errors, warnings, information", types, err)
	}
	if err := key.Close(); err != nil {
		t.Error(err)
	}
	s.does("start") // fails where it can't write
	s.does("stop")
	s.does("uninstall")
	if key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE); err == nil {
		_ = key.Close()
		t.Error("the event source is still there")
	}
	if text, err := os.ReadFile(s.file); err != nil || strings.Contains(string(text), "error") {
		t.Errorf("%q %v", text, err)
	}
}
