package realtest

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestNobodyToAsk: a program without console and window, like javaw and pythonw, can be sent nothing. It is ended at once and not after its
// grace period, and everybody hears why. Where a preStop hook asks it in a way of its own, it is waited for.
func TestNobodyToAsk(t *testing.T) {
	dir := folder(t)
	windowed(t, testbin.Path(t), filepath.Join(dir, "gui.exe"))
	port := freePort(t)
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  gui: {command: [./gui.exe, hang], terminationGracePeriodSeconds: 600}
  closed: {command: [./gui.exe, hang], lifecycle: {stopSignal: WM_CLOSE}, terminationGracePeriodSeconds: 600}
  window: {command: [./gui.exe, window], terminationGracePeriodSeconds: 600}
  asked:
    command: [./gui.exe, http, -addr, '127.0.0.1:%[1]d',]
    terminationGracePeriodSeconds: 600
    lifecycle: {preStop: {httpGet: {port: %[1]d, path: /ok}}}
`, port))
	for _, c := range []struct {
		program string
		by      control.EndedBy
		code    int // -1: none
		why     string
	}{
		{"gui", control.EndedUnasked, -1, "it has no console and no window, so nothing can ask it to end: add lifecycle.preStop"},
		{"closed", control.EndedUnasked, -1, "it has no window, so WM_CLOSE can't ask it to end: set lifecycle.stopSignal to CTRL_C"},
		{"window", control.EndedSignal, 0, ""},
	} {
		s.awaitLogged(c.program, "ready")
		r := s.command(control.VerbStop, c.program)
		if !r.Done || r.EndedBy != c.by || !strings.Contains(r.Message, c.why) || (r.Message == "") != (c.why == "") {
			t.Errorf("%s: %+v, want it ended by %s", c.program, r, c.by)
		}
		if r.ExitCode == nil && c.code >= 0 || r.ExitCode != nil && *r.ExitCode != c.code {
			t.Errorf("%s: %+v, want exit code %d", c.program, r, c.code)
		}
		if _, p := s.status(c.program); !strings.Contains(p.Reason, c.why) {
			t.Errorf("%s: its status says %q, not %q", c.program, p.Reason, c.why)
		}
	}
	s.next = 0
	s.await("why it was ended at once", func(e control.Event) bool {
		return e.Program == "gui" && e.Kind == control.EventStopping && strings.HasPrefix(e.Reason, "ending the process tree at once: ")
	})

	stopped := make(chan control.ProgramResult)
	go func() {
		defer close(stopped)
		stopped <- s.command(control.VerbStop, "asked")
	}()
	s.await("that it has the grace period", func(e control.Event) bool {
		return e.Program == "asked" && e.Kind == control.EventStopping && strings.Contains(e.Reason, "until the end of the grace period")
	})
	_, _ = http.Get(fmt.Sprintf("http://127.0.0.1:%d/exit?code=7", port)) // which gets no answer
	if r := <-stopped; r.EndedBy != control.EndedSignal || r.Message != "" || r.ExitCode == nil || *r.ExitCode != 7 {
		t.Errorf("%+v, want it ended by itself", r)
	}
}

// windowed copies an executable and has Windows take the copy for one of its graphical subsystem: it gets no console.
// Source: https://learn.microsoft.com/windows/win32/debug/pe-format#optional-header-windows-specific-fields-image-only
func windowed(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	const subsystem, console, gui = 4 + 20 + 68, 3, 2 // signature and file header lie before the optional header
	header := binary.LittleEndian.Uint32(data[0x3c:])
	field := data[header+subsystem:]
	if got := binary.LittleEndian.Uint16(field); string(data[header:header+4]) != "PE\x00\x00" || got != console {
		t.Fatalf("%s has subsystem %d", from, got)
	}
	binary.LittleEndian.PutUint16(field, gui)
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
