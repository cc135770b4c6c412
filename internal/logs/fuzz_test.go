package logs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// FuzzReadBack puts anything into a log folder: reading must neither crash nor hang, and a text log without an index that
// could mislead it comes back byte for byte.
func FuzzReadBack(f *testing.F) {
	index := filepath.Join(f.TempDir(), "own.log")
	w, err := logfile.NewWriter(index, logfile.Settings{})
	if err == nil {
		_, err = w.Write([]byte("one\n"))
	}
	if err != nil {
		f.Fatal(err)
	}
	rec, err := os.ReadFile(index + logfile.IndexExt)
	if err = errors.Join(err, w.Close()); err != nil {
		f.Fatal(err)
	}
	object := jsonline.Append(nil, jsonline.AppendStamp(nil, time.Unix(1e9, 0)), jsonline.Head("shop", "api", 1, "stdout"), []byte("hi\xff"), jsonline.Partial)
	f.Add([]byte("one\ntwo\nthree"), rec, []byte("\x1f\x8b"), 2)
	f.Add(object, []byte{}, object, -1)
	f.Add(bytes.Repeat([]byte("\n\x00"), 100), rec[len(rec)/2:], []byte{}, 0)
	f.Fuzz(func(t *testing.T, log, idx, older []byte, last int) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{
			"api.log": log, "api.log.idx": idx, "api.00000001-20261122T102938Z.log.gz": older,
			"api.00000002-20261122T102938Z.log": {}, "api.00000002-20261122T102938Z.log.idx": older,
		} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var got []byte
		err := logread.Read(context.Background(), dir, logread.Query{Last: last}, func(l logread.Line) error {
			if l.Raw != nil {
				got = append(append(got, l.Raw...), '\n')
				return nil
			}
			got = append(got, l.Text...)
			if !l.Partial {
				got = append(got, '\n')
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if last == 0 && !bytes.HasSuffix(bytes.TrimSuffix(got, []byte("\n")), bytes.TrimSuffix(log, []byte("\n"))) && !jsonline.FileIsOurs(bytes.NewReader(log)) {
			t.Errorf("log %q came back as %q", log, got)
		}
		s, err := Open(Options{Service: "shop", Dir: dir, SpoolDir: filepath.Join(dir, "spool")})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
}

// FuzzTakeover lets a pump take over from a commit record, an index, a spool and a log that say anything. What comes
// after is captured all the same.
func FuzzTakeover(f *testing.F) {
	good := commitRecord{seq: 1, size: 0, streams: []streamPosition{{1, 1, 2}}}
	f.Add(good.append(nil), []byte{}, []byte("ab\ncd\n"), []byte("torn {"), true)
	f.Add([]byte("x"), []byte("y"), []byte("z"), []byte("{}\n"), false)
	f.Fuzz(func(t *testing.T, commit, idx, spooled, log []byte, json bool) {
		dir := t.TempDir()
		spools := filepath.Join(dir, "spool")
		if err := os.Mkdir(spools, 0o700); err != nil {
			t.Fatal(err)
		}
		for path, data := range map[string][]byte{
			filepath.Join(spools, "api.commit"): commit, spoolPath(spools, "api", 1, "stdout"): spooled,
			filepath.Join(dir, "api.log"): log, filepath.Join(dir, "api.log.idx"): idx,
		} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := newBench(t, Options{Dir: dir, SpoolDir: spools})
		settings := logfile.Settings{MaxSize: 1000, MaxFiles: 100}
		if json {
			settings.Format = logfile.JSON
		}
		c, w := b.attach(b.sink("api", settings), 1, "stdout")
		w.WriteString("what comes after\n")
		drain(t, c)
		if got := stored(t, dir, "api"); !bytes.Contains(got, []byte("what comes after")) {
			t.Errorf("%q", got)
		}
	})
}
