package log

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// buffer is an output that a test reads while the handler may write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *buffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *buffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newTestHandler(t *testing.T, o Options) *Handler {
	t.Helper()
	if o.System == SystemAuto {
		o.System = SystemOff
	}
	h, err := NewHandler(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // tests that care have closed it already
		_ = h.Close(ctx)
	})
	return h
}

func decodeLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var records []map[string]any
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		records = append(records, m)
	}
	return records
}

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	var out buffer
	h := newTestHandler(t, Options{Output: &out})
	err := slogtest.TestHandler(h, func() []map[string]any {
		if err := h.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return decodeLines(t, out.String())
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFlatHandlerKeepsTheRulesOfSlog is for text, journal and Event Log: dots are groups.
func TestFlatHandlerKeepsTheRulesOfSlog(t *testing.T) {
	var records []map[string]any
	encode := func(dst []byte, r *flatRecord) []byte {
		m := map[string]any{slog.LevelKey: r.label, slog.MessageKey: r.message}
		if !r.time.Equal(slog.Value{}) {
			m[slog.TimeKey] = r.time.Time()
		}
		for _, f := range r.fields {
			into, path := m, strings.Split(f.key, ".")
			for _, group := range path[:len(path)-1] {
				if into[group] == nil {
					into[group] = map[string]any{}
				}
				into = into[group].(map[string]any)
			}
			into[path[len(path)-1]] = f.value.Any()
		}
		records = append(records, m)
		return dst
	}
	h := &flatHandler{queue: newQueue(1 << 20), encode: encode}
	if err := slogtest.TestHandler(h, func() []map[string]any { return records }); err != nil {
		t.Error(err)
	}
}

// TestNobodyReads: the calls return although the output is blocked, errors find room where lesser records don't, and what was
// dropped is told.
func TestNobodyReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := newTestHandler(t, Options{Output: w, QueueBytes: 256 << 10})
	log := slog.New(h)
	const infos = 10_000
	for i := range infos {
		log.Info("nobody reads this", "i", i)
	}
	if h.Dropped() == 0 {
		t.Fatal("nothing was dropped: the pipe wasn't blocked, this test shows nothing")
	}
	log.Warn("a warning finds room")
	log.Error("an error finds room")
	for i := range infos {
		log.Warn("too many warnings", "i", i)
	}
	log.Error("an error finds room behind too many warnings")
	if used, limit := h.outputs.lines.queue.used.Load(), int64(256<<10); used > limit {
		t.Errorf("%d bytes wait, limit %d", used, limit)
	}
	dropped := h.Dropped()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Flush(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "records wait") {
		t.Errorf("Flush of a blocked output: %v", err)
	}

	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		text <- string(all)
	}()
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_ = w.Close()
	records := decodeLines(t, <-text)
	seen, told := map[any]int{}, uint64(0)
	for _, m := range records {
		seen[m["msg"]]++
		if n, ok := m["dropped"].(float64); ok {
			told += uint64(n)
		}
	}
	for _, want := range []string{"a warning finds room", "an error finds room", "an error finds room behind too many warnings"} {
		if seen[want] != 1 {
			t.Errorf("%q was logged %d times", want, seen[want])
		}
	}
	if told != dropped {
		t.Errorf("the log tells of %d dropped records, %d were", told, dropped)
	}
	if got := seen["nobody reads this"] + seen["too many warnings"] + int(dropped); got != 2*infos {
		t.Errorf("written and dropped are %d, logged were %d", got, 2*infos)
	}
}

// TestBlockedClose: the deadline holds, and the error says what is lost.
func TestBlockedClose(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := newTestHandler(t, Options{Output: w})
	log := slog.New(h)
	for range 2000 {
		log.Info(strings.Repeat("x", 100))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the service ends now"))
	err = h.Close(ctx)
	if err == nil || !strings.Contains(err.Error(), "records wait to be written: the service ends now") {
		t.Errorf("Close: %v", err)
	}
	before := h.Dropped()
	log.Error("after Close")
	if h.Dropped() != before+1 {
		t.Errorf("a record after Close wasn't counted: %d, then %d", before, h.Dropped())
	}
	_ = w.Close() // frees the goroutine
	if err := h.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "records were lost") {
		t.Errorf("second Close: %v", err)
	}
}

// fullDisk takes so many bytes, then none until it is emptied.
type fullDisk struct {
	buffer
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.space())
	_, _ = d.buffer.Write(p[:n])
	d.grow(-n)
	if n < len(p) {
		return n, fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return n, nil
}

func (d *fullDisk) space() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.room
}

func (d *fullDisk) grow(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room += n
}

// TestDiskFills: a record that is cut off is continued once there is room, and what didn't fit the queue is told. In the bubble
// a goroutine that Close leaves behind is a failure.
func TestDiskFills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &fullDisk{room: 100}
		h := newTestHandler(t, Options{Output: disk, QueueBytes: 8 << 10})
		log := slog.New(h)
		for i := range 1000 {
			log.Info("a record of the flood", "i", i)
		}
		time.Sleep(time.Minute) // many attempts
		synctest.Wait()
		if got := len(disk.String()); got != 100 {
			t.Fatalf("%d bytes on a disk of 100", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.Flush(ctx); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Flush: %v, wants the output's own error", err)
		}
		disk.grow(1 << 20)
		if err := h.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		log.Info("after")
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		records := decodeLines(t, disk.String()) // fails on a torn line
		told, notices := uint64(0), 0
		for _, m := range records {
			if n, ok := m["dropped"].(float64); ok {
				told, notices = told+uint64(n), notices+1
			}
		}
		if told == 0 || told != h.Dropped() || len(records) != 1000-int(told)+notices+1 {
			t.Errorf("%d lines, %d dropped records told of, %d were", len(records), told, h.Dropped())
		}
		if last := records[len(records)-1]["msg"]; last != "after" {
			t.Errorf("the last record is %q", last)
		}
	})
}

// TestLostAtClose: a disk that stays full ends Close at once, not at its deadline.
func TestLostAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, Options{Output: &fullDisk{}})
		slog.New(h).Info("one")
		slog.New(h).Info("two")
		begin := time.Now()
		err := h.Close(t.Context())
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "2 records were lost") || h.Dropped() != 2 {
			t.Errorf("Close: %v, dropped %d", err, h.Dropped())
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// fileLog is a log file and what it is looked at with.
type fileLog struct {
	t    *testing.T
	path string
	h    *Handler
}

func newFileLog(t *testing.T, path string) *fileLog {
	return &fileLog{t, path, newTestHandler(t, Options{File: path})}
}

func (f *fileLog) say(message string) {
	f.t.Helper()
	slog.New(f.h).Info(message)
	if err := f.h.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fileLog) holds(path string, want ...string) {
	f.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	var got []string
	for _, m := range decodeLines(f.t, string(text)) {
		got = append(got, m["msg"].(string))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		f.t.Errorf("%s: %q, want %q", filepath.Base(path), got, want)
	}
}

func (f *fileLog) close() {
	f.t.Helper()
	if err := f.h.Close(f.t.Context()); err != nil {
		f.t.Error(err)
	}
}

func TestFileIsFollowed(t *testing.T) {
	f := newFileLog(t, filepath.Join(t.TempDir(), "service.log"))
	f.say("one")
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	f.say("two")
	f.holds(f.path+".1", "one")
	f.holds(f.path, "two")
	if err := os.Truncate(f.path, 0); err != nil { // copytruncate
		t.Fatal(err)
	}
	f.say("three")
	f.holds(f.path, "three")
	f.close()
	again := newFileLog(t, f.path)
	again.say("four")
	again.close()
	again.holds(f.path, "three", "four") // appended
}

func TestFileRemoved(t *testing.T) {
	if wine.Running() {
		t.Skip("Wine keeps a removed file's name until its last handle is closed, and doesn't tell that it will go")
	}
	f := newFileLog(t, filepath.Join(t.TempDir(), "service.log"))
	f.say("one")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.say("two")
	f.holds(f.path, "two")
	f.close()
}

// TestFileThatCantBeReopened: the file of before is better than none.
func TestFileThatCantBeReopened(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "logs")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	h := newTestHandler(t, Options{File: filepath.Join(folder, "service.log")})
	slog.New(h).Info("one")
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(folder, "service.log"), filepath.Join(dir, "moved.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	slog.New(h).Info("two")
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "moved.log"))
	if err != nil || len(decodeLines(t, string(text))) != 2 {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := NewHandler(Options{File: filepath.Join(folder, "service.log")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that isn't there: %v", err)
	}
}

func TestReplaceAttrReachesEverything(t *testing.T) {
	var out buffer
	hide := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "password" || a.Key == slog.MessageKey && strings.Contains(a.Value.String(), "s3cret") {
			return slog.String(a.Key, "***")
		}
		return a
	}
	for _, format := range []Format{FormatJSON, FormatText} {
		h := newTestHandler(t, Options{Output: &out, Format: format, ReplaceAttr: hide})
		log := slog.New(h).With(slog.Group("db", "password", "s3cret"))
		log.WithGroup("request").Info("login with s3cret", "password", "s3cret", slog.Group("", "password", "s3cret"))
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); strings.Contains(got, "s3cret") || strings.Count(got, "***") != 8 {
		t.Errorf("a secret got through, or is missing: %s", got)
	}
}
