package logs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// floodSize is what each benchmark moves per round: 1 GiB.
const floodSize = 1 << 30

// beAFlood writes lines of 120 bytes to stdout, 64 KiB at a time.
func beAFlood(size string) {
	left, err := strconv.Atoi(size)
	if err != nil {
		os.Exit(1)
	}
	b := make([]byte, 120*546)
	for i := range b {
		if b[i] = 'a' + byte(i%23); i%120 == 119 {
			b[i] = '\n'
		}
	}
	for left > 0 {
		n, err := os.Stdout.Write(b[:min(left, len(b))])
		if err != nil {
			os.Exit(1)
		}
		left -= n
	}
	os.Exit(0)
}

// flood runs a program that writes floodSize to the writing end.
func flood(b *testing.B, w *os.File) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOGS_TEST_FLOOD="+strconv.Itoa(floodSize))
	cmd.Stdout = w
	err := cmd.Run()
	w.Close()
	if err != nil {
		b.Fatal(err)
	}
}

func benchmarkFlood(b *testing.B, s logfile.Settings) {
	t := newBench(b, Options{})
	k := t.sink("api", s)
	b.SetBytes(floodSize)
	for b.Loop() {
		before := k.Stats().Captured
		c, w := t.attach(k, 1, "stdout")
		flood(b, w)
		<-c.Done()
		if got := k.Stats().Captured - before; got != floodSize {
			b.Fatalf("captured %d of %d bytes", got, floodSize)
		}
	}
}

func BenchmarkText(b *testing.B) {
	benchmarkFlood(b, logfile.Settings{MaxSize: 10 << 20, MaxFiles: 10})
}

func BenchmarkTextCompressed(b *testing.B) {
	benchmarkFlood(b, logfile.Settings{MaxSize: 10 << 20, MaxFiles: 10, Compress: true})
}

func BenchmarkJSON(b *testing.B) {
	benchmarkFlood(b, logfile.Settings{Format: logfile.JSON, MaxSize: 10 << 20, MaxFiles: 10})
}

// BenchmarkCat is what the others are measured against: `flood | cat > file`.
func BenchmarkCat(b *testing.B) {
	b.SetBytes(floodSize)
	for b.Loop() {
		out, err := os.Create(filepath.Join(b.TempDir(), "out"))
		if err != nil {
			b.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		cat := exec.Command("cat")
		cat.Stdin, cat.Stdout = r, out
		if err := cat.Start(); err != nil {
			b.Skip(err)
		}
		r.Close()
		flood(b, w)
		if err := cat.Wait(); err != nil {
			b.Fatal(err)
		}
		out.Close()
		os.Remove(out.Name())
	}
}

func BenchmarkEncode(b *testing.B) {
	line := make([]byte, 119)
	for i := range line {
		line[i] = 'a' + byte(i%23)
	}
	head, out := jsonline.Head("shop", "api", 1, "stdout"), make([]byte, 0, 1<<20)
	start := jsonline.AppendStamp(nil, time.Now())
	b.SetBytes(120)
	for b.Loop() {
		if out = jsonline.Append(out, start, head, line, jsonline.WithNewline); len(out) > 1<<19 {
			out = out[:0]
		}
	}
}
