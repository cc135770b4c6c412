package logread

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestCompressedBomb: whoever may write the logs puts a file there that is small and unpacks to a multiple of the memory that reading may take, or to millions of lines. Who reads the logs, maybe
// root, needs no more memory for it than for any other: here for one line without an end, and for empty lines without end.
func TestCompressedBomb(t *testing.T) {
	const most = 32 << 20
	for name, b := range map[string]struct {
		filling  byte
		unpacked int
	}{"one line": {0, 512 << 20}, "empty lines": {'\n', 16 << 20}} {
		for query, q := range map[string]Query{"all": {}, "last": {Last: 1000}} {
			t.Run(name+", "+query, func(t *testing.T) {
				dir := t.TempDir()
				file := filepath.Join(dir, logfile.Rotated{Seq: 1, Stamp: "20260101T000000Z"}.Name("web")+logfile.GzipExt)
				if err := os.WriteFile(file, bomb(t, b.filling, b.unpacked), 0o600); err != nil {
					t.Fatal(err)
				}
				debug.FreeOSMemory()
				before, lines := heap(), 0
				err := Read(t.Context(), dir, q, func(Line) error { lines++; return nil })
				if err != nil || lines == 0 {
					t.Errorf("%d lines, %v", lines, err)
				}
				if more := heap() - before; more > most {
					t.Errorf("%d MiB of memory, at most %d", more>>20, most>>20)
				}
			})
		}
	}
}

// bomb is a compressed file of size times the same byte: many members, because gzip takes them together as one.
func bomb(t *testing.T, filling byte, size int) []byte {
	t.Helper()
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	if _, err := z.Write(bytes.Repeat([]byte{filling}, 16<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(member.Bytes(), size/(16<<20))
}

// heap is how much memory the heap ever took from the system.
func heap() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapSys - m.HeapReleased)
}
