package logs

import (
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestCloseTwice: whoever closes on the way out and once more at the end neither panics nor is given an error.
func TestCloseTwice(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	_, w := b.attach(k, 1, "")
	put(t, k, w, "one\n")
	for range 2 {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.store.Program("api", logfile.Settings{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a sink of a closed store: %v, want ErrClosed", err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestTakeoverBetweenTheStepsOfACommit puts the files into the state that a kill leaves at each step of encoding, which a
// random kill seldom hits, and lets a successor go on.
func TestTakeoverBetweenTheStepsOfACommit(t *testing.T) {
	for step, damage := range map[string]func(log, spool string) (want string){
		"taken, not encoded": func(_, spool string) string {
			appendTo(t, spool, "two\nthr")
			return "one\ntwo\nthree\n"
		},
		"encoded, not committed": func(log, spool string) string {
			appendTo(t, spool, "two\nthr")
			appendTo(t, log, string(jsonline.Append(nil, []byte(jsonline.Start), []byte(`"}`), []byte("two"), jsonline.WithNewline))+`{"torn`)
			return "one\ntwo\nthree\n"
		},
		"spool cut, not committed": func(_, spool string) string {
			if err := os.Truncate(spool, 0); err != nil {
				t.Fatal(err)
			}
			return "one\nee\n"
		},
		"rotated, the new file not committed": func(log, spool string) string {
			appendTo(t, spool, "two\nthr")
			if err := os.Rename(log, filepath.Join(filepath.Dir(log), logfile.Rotated{Seq: 1, Stamp: "20261122T102938Z"}.Name("api"))); err != nil {
				t.Fatal(err)
			}
			return "one\ntwo\nthree\n"
		},
	} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			spools := filepath.Join(dir, "spool")
			b := newBench(t, Options{Dir: dir, SpoolDir: spools})
			k := b.sink("api", logfile.Settings{Format: logfile.JSON})
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if _, err := k.Attach(1, "stdout", r); err != nil {
				t.Fatal(err)
			}
			put(t, k, w, "one\n")
			b.settled()
			b.store.Close()
			want := damage(filepath.Join(dir, "api.log"), spoolPath(spools, "api", 1, "stdout"))
			b = newBench(t, Options{Dir: dir, SpoolDir: spools})
			c, w := b.attach(b.sink("api", logfile.Settings{Format: logfile.JSON}), 1, "stdout")
			w.WriteString("ee\n")
			drain(t, c)
			sameBytes(t, streams(t, stored(t, dir, "api"))["stdout"], []byte(want))
		})
	}
}

// TestTakeoverBetweenTheStepsOfACopy does the same for the steps in which bytes get into a file where there is no splice(2).
func TestTakeoverBetweenTheStepsOfACopy(t *testing.T) {
	const two = "two, a line that is in the pipe and in the file\n"
	for _, step := range []struct{ name, written, inPipe string }{
		{"said, not written", "", two},
		{"half written", two[:5], two},
		{"written, not taken", two, two},
		{"taken, not said", two, ""},
	} {
		for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
			t.Run(string(format)+", "+step.name, func(t *testing.T) {
				dir := t.TempDir()
				spools := filepath.Join(dir, "spool")
				b := newBench(t, Options{Dir: dir, SpoolDir: spools})
				copyOnly(b.store)
				k := b.sink("api", logfile.Settings{Format: format})
				_, w := b.attach(k, 1, "stdout")
				put(t, k, w, "one\n")
				b.settled()
				b.store.Close()
				file, kind := filepath.Join(dir, "api.log"), byte(1+textSlot)
				if format == logfile.JSON {
					file, kind = spoolPath(spools, "api", 1, "stdout"), 1
				}
				appendTo(t, file, step.written)
				under := slot{generation: 1, kind: kind, off: 4, n: len(two), sum: crc32.ChecksumIEEE([]byte(two))}
				if err := os.WriteFile(filepath.Join(spools, "api.copies"), under.append(nil), 0o600); err != nil {
					t.Fatal(err)
				}
				b = newBench(t, Options{Dir: dir, SpoolDir: spools})
				copyOnly(b.store)
				k = b.sink("api", logfile.Settings{Format: format})
				other, v := b.attach(k, 1, "stderr") // says nothing, and is asked first
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				w.WriteString(step.inPipe + "three\n") // before the pipe is attached, as what a predecessor leaves in it
				c, err := k.Attach(1, "stdout", r)
				if err != nil {
					t.Fatal(err)
				}
				v.Close()
				<-other.Done()
				drain(t, c)
				got := stored(t, dir, "api")
				if format == logfile.JSON {
					got = streams(t, got)["stdout"]
				}
				sameBytes(t, got, []byte("one\n"+two+"three\n"))
			})
		}
	}
}

// TestCommitRecordWithoutAnEntry: killed between making the record and the first entry. Nothing is amiss, and nothing is said.
func TestCommitRecordWithoutAnEntry(t *testing.T) {
	spools := t.TempDir()
	if err := os.WriteFile(filepath.Join(spools, "api.commit"), make([]byte, commitMost), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{SpoolDir: spools})
	k := b.sink("api", logfile.Settings{Format: logfile.JSON})
	_, w := b.attach(k, 1, "stdout")
	put(t, k, w, "one\n")
	b.settled()
	select {
	case e := <-b.events:
		t.Errorf("said: %v", e)
	default:
	}
}
