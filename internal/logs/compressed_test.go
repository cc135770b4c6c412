package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// gathered are the names in a log folder that matter here.
type gathered struct{ plain, beside, compressed []string }

func gather(t *testing.T, dir string) (g gathered) {
	t.Helper()
	for pattern, names := range map[string]*[]string{"api.*-*.log": &g.plain, "*.gz*": &g.beside, logfile.CompressedFolder + "/*": &g.compressed} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		*names = found
	}
	return g
}

// writeLines writes numbered lines through a sink, and gives what it wrote.
func writeLines(t *testing.T, b *bench, settings logfile.Settings, lines int) string {
	t.Helper()
	k := b.sink("api", settings)
	c, w := b.attach(k, 1, "")
	var want strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if _, err := w.WriteString(want.String()); err != nil {
		t.Fatal(err)
	}
	drain(t, c)
	compressed(b)
	return want.String()
}

// TestNewestRotatedFileStaysPlain: a log shipper that lags behind is still reading it; and no compressed file ever lies where a
// shipper's pattern finds it.
func TestNewestRotatedFileStaysPlain(t *testing.T) {
	b := newBench(t, Options{})
	b.store.zip.Settle = 0
	settings := logfile.Settings{MaxSize: 2000, MaxFiles: 1000, Compress: true}
	want := writeLines(t, b, settings, 1000)
	g := gather(t, b.dir)
	if len(g.plain) != 1 || len(g.beside) != 0 || len(g.compressed) < 2 {
		t.Errorf("%q plain, %q beside, %q compressed: want the newest one plain", g.plain, g.beside, g.compressed)
	}
	sameBytes(t, stored(t, b.dir, "api"), []byte(want))
	b.store.Close()

	next := newBench(t, Options{Dir: b.dir}) // nor does a successor compress it
	next.store.zip.Settle = 0
	next.sink("api", settings)
	compressed(next)
	if now := gather(t, b.dir); len(now.plain) != 1 || now.plain[0] != g.plain[0] {
		t.Errorf("plain after a start: %q, want %q", now.plain, g.plain)
	}
}

// TestARotatedFileRests: it isn't compressed in the minute after the next one was rotated.
func TestARotatedFileRests(t *testing.T) {
	b := newBench(t, Options{})
	if b.store.zip.Settle.Seconds() < 60 {
		t.Fatalf("files rest %v, less than shippers need to find them", b.store.zip.Settle)
	}
	k := b.sink("api", logfile.Settings{MaxSize: 2000, MaxFiles: 1000, Compress: true})
	c, w := b.attach(k, 1, "")
	w.WriteString(strings.Repeat("a line\n", 3000))
	drain(t, c)
	if g := gather(t, b.dir); len(g.plain) < 3 || len(g.compressed) != 0 {
		t.Errorf("%d files plain, %q compressed", len(g.plain), g.compressed)
	}
}

// TestKillBetweenTheStepsOfCompressing makes each state that a kill can leave, and has a successor begin in it.
func TestKillBetweenTheStepsOfCompressing(t *testing.T) {
	zip := func(data []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(data)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		name  string
		leave func(plain, folder string, data []byte) error // of a file that is being compressed
	}{
		{"the folder was made", func(string, string, []byte) error { return nil }},
		{"half a file was written", func(plain, folder string, data []byte) error {
			z := zip(data)
			return os.WriteFile(filepath.Join(folder, filepath.Base(plain)+".gz.tmp"), z[:len(z)/2], 0o640)
		}},
		{"the file got its name", func(plain, folder string, data []byte) error {
			return os.WriteFile(filepath.Join(folder, filepath.Base(plain)+".gz"), zip(data), 0o640)
		}},
		{"the plain one is removed", func(plain, folder string, data []byte) error {
			return errors.Join(os.WriteFile(filepath.Join(folder, filepath.Base(plain)+".gz"), zip(data), 0o640), os.Remove(plain))
		}},
		{"an older version has compressed beside", func(plain, folder string, data []byte) error {
			return errors.Join(os.WriteFile(plain+".gz", zip(data), 0o640), os.Remove(plain), os.Remove(folder))
		}},
		{"an older version was killed", func(plain, folder string, data []byte) error {
			z := zip(data)
			return errors.Join(os.WriteFile(plain+".gz.tmp", z[:len(z)/2], 0o640), os.Remove(folder))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, Options{})
			settings := logfile.Settings{MaxSize: 2000, MaxFiles: 1000}
			want := writeLines(t, b, settings, 1000)
			b.store.Close()
			plain := gather(t, b.dir).plain[1]
			data, err := os.ReadFile(plain)
			folder := filepath.Join(b.dir, logfile.CompressedFolder)
			if err := errors.Join(err, os.Mkdir(folder, 0o750), c.leave(plain, folder, data)); err != nil {
				t.Fatal(err)
			}
			sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{}))), []byte(want))

			next := newBench(t, Options{Dir: b.dir})
			next.store.zip.Settle = 0
			settings.Compress = true
			more := writeLines(t, next, settings, 1000)
			sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{}))), []byte(want+more))
			g := gather(t, b.dir)
			for _, path := range append(g.compressed, g.beside...) {
				if strings.HasSuffix(path, ".tmp") {
					t.Errorf("%s is left", path)
				}
			}
			if len(g.plain) != 1 {
				t.Errorf("plain: %q, want the newest one alone", g.plain)
			}

			settings.MaxFiles = 2 // and retention finds all of them
			last := newBench(t, Options{Dir: b.dir})
			last.store.zip.Settle = 0
			next.store.Close()
			writeLines(t, last, settings, 1000)
			last.store.Close()
			if g := gather(t, b.dir); len(g.plain)+len(g.compressed) != 2 || len(g.beside) != 0 {
				t.Errorf("with maxFiles 2: %q, %q, %q", g.plain, g.compressed, g.beside)
			}
			if idx, _ := filepath.Glob(filepath.Join(b.dir, "*.idx")); len(idx) != 3 {
				t.Errorf("indexes: %q", idx)
			}
		})
	}
}

// TestALinkInPlaceOfTheCompressedFolder isn't followed: neither for writing, nor for reading, nor for deleting.
func TestALinkInPlaceOfTheCompressedFolder(t *testing.T) {
	b := newBench(t, Options{})
	b.store.zip.Settle = 0
	elsewhere := t.TempDir()
	theirs := filepath.Join(elsewhere, logfile.Rotated{Seq: 1, Stamp: "20260101T000000Z"}.Name("api")+logfile.GzipExt)
	if err := os.WriteFile(theirs, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(b.dir, logfile.CompressedFolder)); runtime.GOOS == "windows" && err != nil {
		t.Skipf("this machine makes no links: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	want := writeLines(t, b, logfile.Settings{MaxSize: 2000, MaxFiles: 1000, Compress: true}, 1000)
	sameBytes(t, stored(t, b.dir, "api"), []byte(want))
	if _, err := logfile.OpenCompressed(b.dir, "api", logfile.Rotated{Seq: 1, Stamp: "20260101T000000Z"}); err == nil {
		t.Error("a file over a link was opened")
	}
	if there, err := os.ReadDir(elsewhere); err != nil || len(there) != 1 {
		t.Errorf("%v, %v: want what was there", there, err)
	}
}

// TestAFloodLeavesNoJobs: what retention has deleted isn't waited for until it would have settled.
func TestAFloodLeavesNoJobs(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{MaxSize: 100, MaxFiles: 3, Compress: true})
	c, w := b.attach(k, 1, "")
	for range 10 { // 700 files
		w.WriteString(strings.Repeat("a line\n", 1000))
	}
	drain(t, c)
	if n := b.store.zip.Waiting(); n > 100 {
		t.Errorf("%d files wait to be compressed, of 3 that are there", n)
	}
}
