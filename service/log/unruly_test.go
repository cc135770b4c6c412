package log

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// selfish is a struct whose field holds itself, by an interface and a map.
type selfish struct{ Self any }

// nilError is what many programs return by accident: a nil pointer as an error.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// panicking is a value none of whose methods works.
type panicking struct{}

func (panicking) LogValue() slog.Value         { panic("LogValue") }
func (panicking) Error() string                { panic("Error") }
func (panicking) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

// A value that contains itself would end the process by the stack's overflow, which nobody can recover from.
func TestEndlessValues(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = loop
	list := []any{1, nil}
	list[1] = list
	inside := selfish{}
	inside.Self = map[string]any{"again": []any{&inside}}
	through := &selfish{}
	through.Self = map[string]any{"loop": loop}
	chain := any("end")
	for range 1000 {
		chain = []any{chain}
	}
	for name, value := range map[string]any{"map": loop, "list": list, "struct": inside, "pointer": through, "chain": chain} {
		for format, options := range map[string]Options{"text": {Format: FormatText}, "json": {Format: FormatJSON}} {
			out := &buffer{}
			options.Output, options.System = out, SystemOff
			h, err := NewHandler(options)
			if err != nil {
				t.Fatal(err)
			}
			slog.New(h).With("with", value).Warn("here", "value", value, "after", "it")
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if text := out.String(); !strings.Contains(text, "here") || !strings.Contains(text, "after") {
				t.Errorf("%s as %s: %.200s", name, format, text)
			}
		}
	}
}

func TestPanickingValues(t *testing.T) {
	for _, format := range []Format{FormatText, FormatJSON} {
		out := &buffer{}
		h, err := NewHandler(Options{Output: out, System: SystemOff, Format: format})
		if err != nil {
			t.Fatal(err)
		}
		var nobody *nilError
		slog.New(h).Warn("here", "value", panicking{}, "error", error(nobody), "list", []any{panicking{}}, slog.Group("g", "deep", panicking{}), "after", "it")
		_ = h.Close(context.Background())
		if text := out.String(); !strings.Contains(text, "here") || !strings.Contains(text, "after") {
			t.Errorf("format %d: %.300s", format, text)
		}
	}
}

// The notice of dropped records is made by the handler's own goroutine, where a panic would end the process.
func TestNoticeWithAPanickingReplaceAttr(t *testing.T) {
	for _, format := range []Format{FormatText, FormatJSON} {
		gate, out := make(chan struct{}), &buffer{}
		h, err := NewHandler(Options{System: SystemOff, Format: format, QueueBytes: 4096,
			Output: writerFunc(func(p []byte) (int, error) { <-gate; return out.Write(p) }),
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == "dropped" {
					panic("a key that nobody expects")
				}
				return a
			}})
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(h)
		for range 1000 {
			log.Info("flood")
		}
		close(gate)
		for h.Flush(context.Background()) != nil {
		}
		log.Info("after")
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if h.Dropped() == 0 || !strings.Contains(out.String(), "after") {
			t.Errorf("format %d: %d dropped; %.200s", format, h.Dropped(), out.String())
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Close while others log: every record is written or counted, none twice.
func TestCloseWhileLogging(t *testing.T) {
	out := &buffer{}
	h, err := NewHandler(Options{Output: out, System: SystemOff, QueueBytes: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	const loggers, each = 20, 200
	var all sync.WaitGroup
	for i := range loggers {
		all.Go(func() {
			log := slog.New(h).With("logger", i).WithGroup("g")
			for n := range each {
				log.Info("record", "n", n)
				if i == 0 && n == each/2 {
					_ = h.Close(context.Background())
				}
			}
		})
	}
	all.Wait()
	_ = h.Close(context.Background())
	if written := strings.Count(out.String(), `"msg":"record"`); written+int(h.Dropped()) != loggers*each {
		t.Errorf("%d written, %d dropped, of %d", written, h.Dropped(), loggers*each)
	}
}

// Handlers that were derived from the same one don't write into each other's attributes.
func TestSiblings(t *testing.T) {
	for _, format := range []Format{FormatText, FormatJSON} {
		out := &buffer{}
		h, err := NewHandler(Options{Output: out, System: SystemOff, Format: format})
		if err != nil {
			t.Fatal(err)
		}
		parent := slog.New(h).With("a", 1, "b", 2, "c", 3).WithGroup("g").With("d", 4)
		first, second := parent.With("who", "first"), parent.With("who", "second")
		one, two := parent.WithGroup("one"), parent.WithGroup("two")
		for i, log := range []*slog.Logger{first, second, one, two} {
			log.Info("line", "i", i)
		}
		_ = h.Close(context.Background())
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		for i, want := range []string{"first", "second", "one", "two"} {
			if !strings.Contains(lines[i], want) {
				t.Errorf("line %d: %s", i, lines[i])
			}
		}
	}
}

// What isn't logged costs nothing.
func TestDisabledLevelAllocatesNothing(t *testing.T) {
	h, err := NewHandler(Options{Output: io.Discard, System: SystemOff})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(context.Background()) }()
	log := slog.New(h).With("a", 1).WithGroup("g")
	if n := testing.AllocsPerRun(1000, func() { log.Debug("nothing", "n", 1, "text", "x") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
