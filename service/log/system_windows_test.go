package log

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/daruma-sh/daruma/service/log/eventlog"
)

// reported is one event.
type reported struct {
	severity eventlog.Severity
	id       uint32
	text     string
}

// fakeEventLog is an event source that keeps its events, and fails where fail says so.
type fakeEventLog struct {
	events []reported
	fail   func(text string) error
}

func (l *fakeEventLog) connect() (eventSource, error) { return l, nil }

func (l *fakeEventLog) Report(severity eventlog.Severity, id uint32, texts ...string) error {
	if len(texts) != 1 {
		return fmt.Errorf("%d texts", len(texts))
	}
	if l.fail != nil {
		if err := l.fail(texts[0]); err != nil {
			return err
		}
	}
	l.events = append(l.events, reported{severity, id, texts[0]})
	return nil
}

func (l *fakeEventLog) Close() error { return nil }

// registerSource makes an event source as the installer does, and removes it at the end.
func registerSource(t *testing.T, name string) {
	t.Helper()
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, eventlog.Sources+name, registry.SET_VALUE)
	if err != nil {
		t.Fatalf("registering event source %s (an administrator may): %v", name, err)
	}
	if err := key.SetExpandStringValue("EventMessageFile", `%SystemRoot%\System32\EventCreate.exe`); err != nil {
		t.Fatal(err)
	}
	_ = key.Close()
	t.Cleanup(func() { _ = registry.DeleteKey(registry.LOCAL_MACHINE, eventlog.Sources+name) })
}

func TestEventLog(t *testing.T) {
	log := &fakeEventLog{}
	q := newQueue(1 << 20)
	h := &Handler{level: slog.LevelInfo, outputs: &outputs{},
		system: &flatHandler{queue: q, level: slog.LevelWarn, encode: encodeEvent}}
	h.outputs.system = newWriter(q, &eventSink{connect: log.connect}, h.system.notice)
	logger := slog.New(h)
	logger.Info("not for the Event Log")
	logger.Warn("late", "took", "3s", slog.Group("peer", "ip", "fe80::1%12"))
	logger.With(EventID(17)).Error("refused", "order", 7)
	logger.Error("out of range", EventID(1001))
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []reported{
		{eventlog.Warning, 300, "late\r\ntook: 3s\r\npeer.ip: fe80::1%12"},
		{eventlog.Error, 17, "refused\r\norder: 7"},
		{eventlog.Error, 400, "out of range\r\neventId: 1001"},
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
	s := &eventSink{source: log}
	b := &batch{}
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
	h, err := NewHandler(Options{Name: "daruma-test-real", Output: out})
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
	var out buffer
	h, err := NewHandler(Options{Name: "daruma-test-nobody-registered-this", Output: &out})
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
	err = Options{Name: "daruma-test-nobody-registered-this", System: SystemOn}.openSystem(lineOutput{}).sink.open()
	if err == nil || !strings.Contains(err.Error(), "isn't registered") || !strings.Contains(err.Error(), "`install`") {
		t.Errorf("it says %v", err)
	}
}
