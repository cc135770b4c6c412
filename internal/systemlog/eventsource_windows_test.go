package systemlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows/registry"
)

// source gives a source's name that is free, and unregisters it at the end.
func source(t *testing.T) string {
	t.Helper()
	onWindows(t)
	name := "daruma-source-test"
	t.Cleanup(func() { _ = registry.DeleteKey(registry.LOCAL_MACHINE, sourceKey(name)) })
	return name
}

func TestEventSource(t *testing.T) {
	name := source(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := CheckEventSource(name, exe); err != nil || len(p) != 1 || !strings.Contains(p[0], "isn't registered") {
		t.Errorf("before: %q %v", p, err)
	}
	for range 2 { // again is no error
		if err := RegisterEventSource(name, exe); err != nil {
			t.Fatal(err)
		}
	}
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\EventLog\Application\`+name, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	files, kind, err := key.GetStringValue("EventMessageFile")
	if err != nil || kind != registry.EXPAND_SZ || files != exe+`;%SystemRoot%\System32\EventCreate.exe` {
		t.Errorf("EventMessageFile %q of kind %d, %v", files, kind, err)
	}
	if types, _, err := key.GetIntegerValue("TypesSupported"); err != nil || types != 7 {
		t.Errorf("TypesSupported %d %v", types, err)
	}
	_ = key.Close()
	if p, err := CheckEventSource(name, exe); err != nil || len(p) != 0 {
		t.Errorf("registered: %q %v", p, err)
	}
	for range 2 {
		if err := UnregisterEventSource(name); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := readSource(name); err == nil {
		t.Error("it is still there")
	}
}

func TestEventSourceThatDrifted(t *testing.T) {
	name := source(t)
	dir := t.TempDir()
	old, now := filepath.Join(dir, "old.exe"), filepath.Join(dir, "new.exe")
	for _, file := range []string{old, now} {
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := RegisterEventSource(name, old); err != nil {
		t.Fatal(err)
	}
	if p, err := CheckEventSource(name, now); err != nil || len(p) != 1 || !strings.Contains(p[0], "takes its texts from "+old) {
		t.Errorf("another daruma: %q %v", p, err)
	}
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	if p, err := CheckEventSource(name, now); err != nil || len(p) != 1 || !strings.Contains(p[0], "isn't there") {
		t.Errorf("message file gone: %q %v", p, err)
	}
	if err := RegisterEventSource(name, now); err != nil { // ours: it may move
		t.Fatal(err)
	}
	if p, err := CheckEventSource(name, now); err != nil || len(p) != 0 {
		t.Errorf("registered again: %q %v", p, err)
	}
}

func TestEventSourceOfAnother(t *testing.T) {
	name := source(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, sourceKey(name), registry.SET_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.SetExpandStringValue("EventMessageFile", `C:\else\where.dll`); err != nil {
		t.Fatal(err)
	}
	_ = key.Close()
	if err := RegisterEventSource(name, exe); !errors.Is(err, manager.ErrForeign) || !strings.Contains(err.Error(), `C:\else\where.dll`) {
		t.Errorf("registering: %v", err)
	}
	if err := UnregisterEventSource(name); !errors.Is(err, manager.ErrForeign) {
		t.Errorf("unregistering: %v", err)
	}
	if err := RegisterEventSource("Application", exe); !errors.Is(err, manager.ErrForeign) {
		t.Errorf("a log's name: %v", err)
	}
	other := logsKey + `\System\` + name
	if key, _, err = registry.CreateKey(registry.LOCAL_MACHINE, other, registry.SET_VALUE); err != nil {
		t.Fatal(err)
	}
	_ = key.Close()
	defer registry.DeleteKey(registry.LOCAL_MACHINE, other)
	if err := RegisterEventSource(name, exe); !errors.Is(err, manager.ErrForeign) || !strings.Contains(err.Error(), "the log System") {
		t.Errorf("a source of another log: %v", err)
	}
	for _, wrong := range []string{`daruma.exe`, `C:\a;b\daruma.exe`, `C:\%SystemRoot%\daruma.exe`} {
		if err := RegisterEventSource(name+"-x", wrong); !errors.Is(err, manager.ErrInvalid) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if err := UnregisterEventSource(`..\Application`); !errors.Is(err, manager.ErrInvalid) {
		t.Errorf("a path for a name: %v", err)
	}
}

// onWindows skips where the registry and folders of the system can't be written.
func onWindows(t *testing.T) {
	t.Helper()
	services, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Skipf("changes what only administrators may: run it as administrator (%v)", err)
	}
	_ = windows.CloseServiceHandle(services)
}
