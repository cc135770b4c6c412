package shipping

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// BenchmarkShip ships 64 MiB of lines of 100 bytes to a receiver that takes all and looks at nothing. The processor time, of which the rate
// per core is made, is that of both: what a receiver in the same process costs is in it.
//
//	GOMAXPROCS=1 go test ./internal/observe/shipping -run '^$' -bench Ship -benchtime 3x
func BenchmarkShip(b *testing.B) {
	for _, kind := range Types() {
		for _, gzip := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/gzip=%v", kind, gzip), func(b *testing.B) { benchmarkShip(b, kind, gzip) })
		}
	}
}

func benchmarkShip(b *testing.B, kind string, gzip bool) {
	const total = 64 << 20
	m := &machine{root: b.TempDir()}
	dir := filepath.Join(m.root, "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	w, err := logfile.NewWriter(filepath.Join(dir, "api.log"), logfile.Settings{MaxSize: 10 << 20, MaxFiles: 1000})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	var text bytes.Buffer
	for i := 0; text.Len() < 1<<20; i++ {
		fmt.Fprintf(&text, "2026-11-28T10:00:00.123Z INFO request %08d done method=GET path=/orders/%d status=200 took=%dms ok\n", i, i%97, i%1000)
	}
	for range total >> 20 {
		if _, err := w.Write(text.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	lines := int64(bytes.Count(text.Bytes(), []byte("\n")) * (total >> 20))
	end, used := int64(0), processorTime(b)
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		var got atomic.Int64
		piece := make([]byte, 256<<10) // there is one connection
		sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for taken, err := 0, error(nil); err == nil; got.Add(int64(taken)) {
				taken, err = r.Body.Read(piece)
			}
			if kind == "elasticsearch" {
				_, _ = io.WriteString(w, `{"errors":false}`)
			}
		}))
		shipper, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{target(sink.URL, ofType(kind), func(t *Target) {
			t.Gzip, t.MaxBatch = gzip, defaultBatch
		})}}, State: b.TempDir(), Say: func(line string) { b.Error(line) }, logs: m.logs()})
		if err != nil {
			b.Fatal(err)
		}
		shipper.targets[0].pause = func(context.Context, time.Duration) { cancel() } // all is read
		shipper.Run(ctx)
		shipper.Close()
		sink.Close()
		end = got.Load()
	}
	used = processorTime(b) - used
	b.SetBytes(total)
	b.ReportMetric(float64(b.N*total>>20)/used.Seconds(), "MiB/core-s")
	b.ReportMetric(float64(lines*int64(b.N))/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(end)/total, "sent/byte")
}
