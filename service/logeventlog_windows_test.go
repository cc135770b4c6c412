package service

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// reported is one call of ReportEventW.
type reported struct {
	kind uint16
	id   uint32
	text string
}

// fakeEventLog takes events as ReportEventW does, and fails where fail says so.
type fakeEventLog struct {
	events []reported
	fail   func(text string) error
}

func (l *fakeEventLog) report(_ windows.Handle, kind, _ uint16, id uint32, _ uintptr, n uint16, _ uint32, text **uint16, _ *byte) error {
	if n != 1 {
		return fmt.Errorf("%d strings", n)
	}
	event := reported{kind, id, windows.UTF16PtrToString(*text)}
	if l.fail != nil {
		if err := l.fail(event.text); err != nil {
			return err
		}
	}
	l.events = append(l.events, event)
	return nil
}

// registerSource makes an event source as the installer does, and removes it at the end.
func registerSource(t *testing.T, name string) {
	t.Helper()
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, eventSources+name, registry.SET_VALUE)
	if err != nil {
		t.Fatalf("registering event source %s (an administrator may): %v", name, err)
	}
	if err := key.SetExpandStringValue("EventMessageFile", `%SystemRoot%\System32\EventCreate.exe`); err != nil {
		t.Fatal(err)
	}
	_ = key.Close()
	t.Cleanup(func() { _ = registry.DeleteKey(registry.LOCAL_MACHINE, eventSources+name) })
}

func TestEventLog(t *testing.T) {
	registerSource(t, "daruma-test")
	log := &fakeEventLog{}
	q := newLogQueue(1 << 20)
	h := &LogHandler{level: slog.LevelInfo, outputs: &logOutputs{},
		system: &flatHandler{queue: q, level: slog.LevelWarn, encode: encodeEvent}}
	h.outputs.system = newLogWriter(q, &eventSink{source: "daruma-test", report: log.report}, h.system.notice)
	logger := slog.New(h)
	logger.Info("not for the Event Log")
	logger.Warn("late", "took", "3s", slog.Group("peer", "ip", "fe80::1%12"))
	logger.With(EventID(17)).Error("refused", "order", 7)
	logger.Error("out of range", EventID(1001))
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []reported{
		{windows.EVENTLOG_WARNING_TYPE, 300, "late\r\ntook: 3s\r\npeer.ip: fe80::1% 12"},
		{windows.EVENTLOG_ERROR_TYPE, 17, "refused\r\norder: 7"},
		{windows.EVENTLOG_ERROR_TYPE, 400, "out of range\r\neventId: 1001"},
	}
	if fmt.Sprint(log.events) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", log.events, want)
	}
}

// TestEventLogRefuses: an event that can never be written doesn't stop the next; a service that is down gets it later.
func TestEventLogRefuses(t *testing.T) {
	down := true
	log := &fakeEventLog{fail: func(text string) error {
		switch {
		case strings.Contains(text, "poison"):
			return windows.ERROR_INVALID_PARAMETER
		case down:
			down = false
			return windows.RPC_S_SERVER_UNAVAILABLE
		}
		return nil
	}}
	s := &eventSink{report: log.report}
	b := &logBatch{}
	for _, text := range []string{"one", "poison", "two"} {
		b.add([]byte(text), slog.LevelError, 1)
	}
	if err := s.write(b); !errors.Is(err, windows.RPC_S_SERVER_UNAVAILABLE) {
		t.Errorf("%v", err)
	}
	if err := s.write(b); err != nil || len(log.events) != 2 || log.events[0].text != "one" || log.events[1].text != "two" {
		t.Errorf("%v, %+v", err, log.events)
	}
}

// TestEventLogForReal makes the calls. What arrived can't be looked up here: Wine stores no events, and reading needs wevtutil.
func TestEventLogForReal(t *testing.T) {
	registerSource(t, "daruma-test-real")
	out, err := os.Create(t.TempDir() + `\out.log`)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	h, err := NewLogHandler(LogOptions{Name: "daruma-test-real", Output: out})
	if err != nil {
		t.Fatal(err)
	}
	slog.New(h).Error("a real event", EventID(17))
	if err := h.Close(t.Context()); err != nil || h.Dropped() != 0 {
		t.Errorf("%v, %d dropped", err, h.Dropped())
	}
	if h.outputs.system.queue.disabled.Load() {
		t.Error("the Event Log wasn't opened")
	}
}

// TestEventLogWithoutSource: the records stay in the lines, nothing waits, and nobody counts it as a loss.
func TestEventLogWithoutSource(t *testing.T) {
	var out syncBuffer
	h, err := NewLogHandler(LogOptions{Name: "daruma-test-nobody-registered-this", Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	<-h.outputs.system.ended // it has said so on stderr
	slog.New(h).Error("an error")
	if err := h.Close(t.Context()); err != nil || h.Dropped() != 0 {
		t.Errorf("%v, %d dropped", err, h.Dropped())
	}
	if got := decodeLines(t, out.String()); len(got) != 1 {
		t.Errorf("lines: %q", got)
	}
	err = (&eventSink{source: "daruma-test-nobody-registered-this"}).open()
	if err == nil || !strings.Contains(err.Error(), "isn't registered") || !strings.Contains(err.Error(), "`install`") {
		t.Errorf("it says %v", err)
	}
}

func TestEventText(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"100%":            "100%",
		"%1 and %22":      "% 1 and % 22",
		"fe80::1%eth0":    "fe80::1%eth0",
		"nul\x00 in text": "nul\uFFFD in text",
	} {
		if got := windows.UTF16ToString(eventText(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	long := eventText(strings.Repeat("x", maxEventText-1) + "😀")
	if len(long) != maxEventText || long[len(long)-1] != 0 || utf16.IsSurrogate(rune(long[len(long)-2])) {
		t.Errorf("cut to %d units, the last %x", len(long), long[len(long)-2])
	}
}

// emulated reports whether this is Wine and not Windows.
func emulated() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
