package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// formatted is what the encoder makes of one record.
func formatted(encode func([]byte, *flatRecord) []byte, message string, attrs ...slog.Attr) string {
	h := &flatHandler{}
	r := slog.NewRecord(time.Date(2026, 11, 22, 13, 4, 5, 6e6, time.Local), slog.LevelWarn, message, 0)
	r.AddAttrs(attrs...)
	return string(encode(nil, h.flatten(r)))
}

func TestText(t *testing.T) {
	var none *strings.Builder
	for _, c := range []struct {
		message string
		attrs   []slog.Attr
		want    string
	}{
		{"plain", nil, "13:04:05.006 WARN  plain\n"},
		{"kinds", []slog.Attr{slog.Int("n", -1), slog.Duration("d", time.Second), slog.Bool("b", true), slog.String("e", ""),
			slog.Any("err", errors.New("no way"))},
			"13:04:05.006 WARN  kinds n=-1 d=1s b=true e=\"\" err=\"no way\"\n"},
		{"groups", []slog.Attr{slog.Group("a", slog.Group("b", "c", 1), "d", "x y"), slog.Group("empty")},
			"13:04:05.006 WARN  groups a.b.c=1 a.d=\"x y\"\n"},
		{"two\nlines", []slog.Attr{slog.String("stack", "a\r\n\tb\n"), slog.Int("n", 1)},
			"13:04:05.006 WARN  two n=1\n      lines\n    stack:\n      a\n      \tb\n"},
		{"\x1b[2Jcleared\x00\xff", []slog.Attr{slog.String("a=b", "\u202egnp.exe")},
			"13:04:05.006 WARN  \\x1b[2Jcleared\\x00\\xff \"a=b\"=\"\\u202egnp.exe\"\n"},
		{"nil pointer", []slog.Attr{slog.Any("p", none)}, "13:04:05.006 WARN  nil pointer p=<nil>\n"},
		{"event", []slog.Attr{EventID(17)}, "13:04:05.006 WARN  event eventId=17\n"},
	} {
		if got := formatted(textEncoder(false), c.message, c.attrs...); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	if got, want := formatted(textEncoder(true), "m", slog.Int("n", 1)),
		"\x1b[2m13:04:05.006\x1b[0m \x1b[33mWARN\x1b[0m  m \x1b[2mn=\x1b[0m1\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestTextWithout: ReplaceAttr takes time and level out.
func TestTextWithout(t *testing.T) {
	h := &flatHandler{source: true, replace: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}}
	got := string(textEncoder(false)(nil, h.flatten(newRecord(slog.LevelInfo, "bare"))))
	if !strings.HasPrefix(got, "bare source=") || !strings.Contains(got, ".go:") {
		t.Errorf("got %q", got)
	}
}

// FuzzText: whatever is logged, a terminal obeys none of it, and a line that isn't indented begins a record.
func FuzzText(f *testing.F) {
	f.Add("message", "key", "value")
	f.Add("a\nb", "k\nk", "\x1b[31m\n13:04:05.006 ERROR forged")
	f.Add("\r\n", "", "\u2028\u202e\xc3\x28")
	f.Fuzz(func(t *testing.T, message, key, value string) {
		got := formatted(textEncoder(false), message, slog.String(key, value), slog.Group(key, key, value))
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		if !strings.HasSuffix(got, "\n") {
			t.Fatalf("doesn't end its line: %q", got)
		}
		for i, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
			if i > 0 && !strings.HasPrefix(line, "    ") {
				t.Fatalf("line %d passes for a record: %q", i, got)
			}
			for _, r := range line {
				if r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f || r == '\u202e' || r == '\u2028' {
					t.Fatalf("%U reaches the terminal: %q", r, got)
				}
			}
		}
	})
}

func ExampleNewHandler() {
	handler, err := NewHandler(Options{
		Output: os.Stdout,
		System: SystemOff, // an example writes to nobody's journal
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case "password":
				return slog.String(a.Key, "***")
			case slog.TimeKey:
				return slog.Attr{} // the output of an example is always the same
			}
			return a
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	log := slog.New(handler)
	log.Error("login refused", EventID(17), "user", "jo", "password", "s3cret")
	if err := handler.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: {"level":"ERROR","msg":"login refused","eventId":17,"user":"jo","password":"***"}
}
