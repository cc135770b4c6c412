package log

import (
	"log/slog"
	"testing"
	"time"
)

func TestEventIDs(t *testing.T) {
	for _, c := range []struct {
		name  string
		level slog.Level
		attrs []slog.Attr
		want  int
	}{
		{"debug", slog.LevelDebug, nil, 100},
		{"info", slog.LevelInfo, nil, 200},
		{"between", slog.LevelInfo + 2, nil, 200},
		{"warn", slog.LevelWarn, nil, 300},
		{"error", slog.LevelError, nil, 400},
		{"beyond", slog.LevelError + 8, nil, 400},
		{"own", slog.LevelError, []slog.Attr{EventID(17)}, 17},
		{"last", slog.LevelError, []slog.Attr{EventID(17), EventID(18)}, 18},
		{"in a group", slog.LevelError, []slog.Attr{slog.Group("a", EventID(17))}, 17},
		{"limits", slog.LevelError, []slog.Attr{EventID(1000), EventID(1001), EventID(0), EventID(-1)}, 1000},
		{"a namesake", slog.LevelError, []slog.Attr{slog.Int("eventId", 17)}, 400},
	} {
		h := &flatHandler{}
		r := slog.NewRecord(time.Now(), c.level, "", 0)
		r.AddAttrs(c.attrs...)
		if got := h.flatten(r).eventID(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if len(c.attrs) == 0 {
			continue
		}
		if got := h.withGroup("g").withAttrs(c.attrs).flatten(slog.NewRecord(time.Now(), c.level, "", 0)).eventID(); got != c.want {
			t.Errorf("%s by With: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestMessageIDs are what administrators have in their scripts: they may never change.
func TestMessageIDs(t *testing.T) {
	if got, want := MessageID("shop", 17), "c8e9da37b71a82489bbcfc75bfe45373"; got != want {
		t.Errorf("MessageID is %s, was %s", got, want)
	}
	if MessageID("shop", 1) == MessageID("shop", 2) || MessageID("shop", 1) == MessageID("api", 1) || MessageID("a", 11) == MessageID("a1", 1) {
		t.Error("two kinds of messages have one id")
	}
}
