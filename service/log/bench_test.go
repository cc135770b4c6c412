package log

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

func benchmarkLog(b *testing.B, h slog.Handler) {
	log := slog.New(h).With("service", "shop")
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		log.LogAttrs(context.Background(), slog.LevelInfo, "order accepted",
			slog.Int("order", 4711), slog.String("customer", "c-17"), slog.Duration("took", 1234567))
	}
}

// BenchmarkLog compares with slog.JSONHandler at the same record: to nowhere, which is the cost of formatting and queueing, and
// to a file, where slog's caller waits for the system call and ours doesn't. What the queue dropped is shown: a
// dropped record is cheap, and no merit.
func BenchmarkLog(b *testing.B) {
	file := func(b *testing.B) *os.File {
		f, err := os.Create(filepath.Join(b.TempDir(), "log"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = f.Close() })
		return f
	}
	ours := func(b *testing.B, o Options) {
		o.System, o.QueueBytes = SystemOff, 64<<20
		h, err := NewHandler(o)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkLog(b, h)
		b.StopTimer()
		if err := h.Close(context.Background()); err != nil {
			b.Error(err)
		}
		b.ReportMetric(float64(h.Dropped())/float64(b.N), "dropped/op")
	}
	b.Run("slog/nowhere", func(b *testing.B) { benchmarkLog(b, slog.NewJSONHandler(io.Discard, nil)) })
	b.Run("daruma/nowhere", func(b *testing.B) { ours(b, Options{Output: io.Discard}) })
	b.Run("daruma/nowhere/text", func(b *testing.B) { ours(b, Options{Output: io.Discard, Format: FormatText}) })
	b.Run("slog/file", func(b *testing.B) { benchmarkLog(b, slog.NewJSONHandler(file(b), nil)) })
	b.Run("daruma/file", func(b *testing.B) { ours(b, Options{File: filepath.Join(b.TempDir(), "log")}) })
	b.Run("daruma/blocked", func(b *testing.B) { // the cost of refusing
		_, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		h, err := NewHandler(Options{Output: w, System: SystemOff})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkLog(b, h)
		b.StopTimer()
		b.ReportMetric(float64(h.Dropped())/float64(b.N), "dropped/op")
		_ = w.Close()
	})
}
