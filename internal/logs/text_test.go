package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// bench is a store in folders of its own.
type bench struct {
	t      testing.TB
	dir    string
	store  *Store
	events chan Event
}

func newBench(t testing.TB, opts Options) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), events: make(chan Event, 1000)}
	if opts.Dir != "" {
		b.dir = opts.Dir
	}
	opts.Dir, opts.Service = b.dir, "shop"
	if opts.SpoolDir == "" {
		opts.SpoolDir = filepath.Join(t.TempDir(), "spool")
	}
	opts.OnEvent = func(e Event) {
		select {
		case b.events <- e:
		default:
		}
	}
	s, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	b.store = s
	t.Cleanup(func() { s.Close() })
	return b
}

func (b *bench) sink(name string, s logfile.Settings) *Sink {
	b.t.Helper()
	k, err := b.store.Program(name, s)
	if err != nil {
		b.t.Fatal(err)
	}
	return k
}

// attach gives the writing end of a new pipe.
func (b *bench) attach(k *Sink, generation int, stream string) (*Copier, *os.File) {
	b.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := k.Attach(generation, stream, r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { w.Close() })
	return c, w
}

func drain(t testing.TB, c *Copier) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
}

// stored is everything in the program's files, oldest first, compressed or not.
func stored(t testing.TB, dir, program string) []byte {
	t.Helper()
	var all bytes.Buffer
	h, err := logfile.Scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	if h[program] == nil {
		return nil
	}
	for _, r := range h[program].Files {
		path := filepath.Join(dir, r.Name(program))
		if h[program].Zipped[r.Seq] {
			f, err := logfile.OpenCompressed(dir, program, r)
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&all, z); err != nil {
				t.Fatal(err)
			}
			f.Close()
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	b, err := os.ReadFile(filepath.Join(dir, program+logfile.Ext))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	all.Write(b)
	return all.Bytes()
}

func sameBytes(t testing.TB, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Fatalf("got %d bytes, want %d; they differ from byte %d: got %.80q, want %.80q",
		len(got), len(want), i, got[i:min(len(got), i+80)], want[i:min(len(want), i+80)])
}

// output makes bytes as unfriendly as programs write them.
func output(rnd *rand.Rand, size int) []byte {
	var b bytes.Buffer
	for b.Len() < size {
		switch rnd.IntN(12) {
		case 0:
			b.WriteByte('\n')
		case 1:
			b.WriteString("\x00\xff\xfe\xc3(\xed\xa0\x80 \"\\\t\r")
		case 2:
			b.WriteString(strings.Repeat("é…日本\U0001F600", rnd.IntN(300)))
		case 3:
			b.Write(bytes.Repeat([]byte("a long line "), rnd.IntN(3000)))
		default:
			fmt.Fprintf(&b, "line %d of an ordinary length\n", b.Len())
		}
	}
	return b.Bytes()[:size]
}

func TestTextBytesInAreBytesOut(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			b := newBench(t, Options{})
			settings := logfile.Settings{MaxSize: int64(1 + rnd.IntN(200_000)), MaxFiles: 1 << 20, Compress: rnd.IntN(2) == 0}
			if seed%5 == 0 {
				settings.MaxSize = 0
			}
			c, w := b.attach(b.sink("api", settings), 1, "")
			want := output(rnd, rnd.IntN(3<<20))
			for rest := want; len(rest) > 0; {
				n := min(len(rest), 1+rnd.IntN(1<<rnd.IntN(20)))
				if _, err := w.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if seed%2 == 0 {
				w.Close()
				<-c.Done()
			} else {
				drain(t, c) // while the writing end is open
			}
			sameBytes(t, stored(t, b.dir, "api"), want)
		})
	}
}

// TestDrainingBeginsDuringATurn: a turn that found the pipe empty a moment before it was written to, and before draining began, must
// not take the copier for done.
func TestDrainingBeginsDuringATurn(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	c, w := b.attach(k, 1, "")
	k.mu.Lock() // keeps turns out
	if _, err := w.WriteString("last words"); err != nil {
		t.Fatal(err)
	}
	c.draining.Store(true)
	if c.drained() || c.remaining != len("last words") {
		t.Errorf("%d bytes remain, want %d", c.remaining, len("last words"))
	}
	if !c.drained() {
		t.Error("it would go on for as long as somebody writes")
	}
	k.mu.Unlock()
	drain(t, c)
	sameBytes(t, stored(t, b.dir, "api"), []byte("last words"))
}

func TestRotationEndsFilesWithALine(t *testing.T) {
	b := newBench(t, Options{})
	c, w := b.attach(b.sink("api", logfile.Settings{MaxSize: 300_000, MaxFiles: 1000}), 1, "")
	for i := range 200 {
		fmt.Fprintf(w, "%s\n", strings.Repeat("x", 10_000+i))
	}
	drain(t, c)
	h, err := logfile.Scan(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h["api"].Files); n < 6 || n > 8 {
		t.Errorf("%d rotated files, want 2 MB in files of just under 300 kB", n)
	}
	for _, r := range h["api"].Files { // a line that had begun is let finish
		data, err := os.ReadFile(filepath.Join(b.dir, r.Name("api")))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 300_000+10_200 || len(data) < 280_000 || data[len(data)-1] != '\n' {
			t.Errorf("%s: %d bytes, ends with %q", r.Name("api"), len(data), data[len(data)-1])
		}
	}
}
