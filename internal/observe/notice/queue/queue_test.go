package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

func open(t *testing.T, folder string) *Queue {
	t.Helper()
	q, err := Open(folder, func(err error) { t.Log("said: ", err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

func fell(id string) notice.Notice {
	return notice.Notice{ID: id, Kind: notice.Fell, Service: "shop", At: time.Unix(1e9, 0), Items: []notice.Item{{Key: id, Program: "api"}}}
}

func to(channels ...string) func(*notice.Notice) []string {
	return func(*notice.Notice) []string { return channels }
}

func ids(list []notice.Notice) []string {
	var all []string
	for _, n := range list {
		all = append(all, n.ID)
	}
	return all
}

func wantPending(t *testing.T, q *Queue, channel string, want ...string) {
	t.Helper()
	if list, _ := q.Pending(channel); !slices.Equal(ids(list), want) {
		t.Errorf("%s: %v waits, want %v", channel, ids(list), want)
	}
}

// What was put is there after a restart, with the state; what a channel has taken isn't there for it.
func TestSurvives(t *testing.T) {
	folder := t.TempDir()
	q := open(t, folder)
	q.Put("shop", json.RawMessage(`{"n":1}`), []notice.Notice{fell("1"), fell("2")}, to("a", "b"))
	q.Done("a", time.Now(), "1")
	q = open(t, folder) // as after kill -9: the first was never closed
	wantPending(t, q, "a", "2")
	wantPending(t, q, "b", "1", "2")
	if string(q.State("shop")) != `{"n":1}` {
		t.Errorf("%s", q.State("shop"))
	}
	if n := len(q.Sent("a", time.Now())); n != 1 {
		t.Errorf("%d messages of the last minute", n)
	}
	q = open(t, folder)
	if n := len(q.Sent("a", time.Now())); n != 1 {
		t.Errorf("%d messages of the last minute after a file that was written anew", n)
	}
}

// A kill in the middle of a line loses the line as a whole: state and notice.
func TestTornLine(t *testing.T) {
	whole := t.TempDir()
	q := open(t, whole)
	q.Put("shop", json.RawMessage(`{"n":1}`), []notice.Notice{fell("1")}, to("a"))
	before, err := os.ReadFile(filepath.Join(whole, FileName))
	if err != nil {
		t.Fatal(err)
	}
	q.Put("shop", json.RawMessage(`{"n":2}`), []notice.Notice{fell("2")}, to("a"))
	after, err := os.ReadFile(filepath.Join(whole, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(before); cut < len(after)-1; cut += 9 {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, FileName), after[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		q := open(t, folder)
		list, _ := q.Pending("a")
		if string(q.State("shop")) != fmt.Sprintf(`{"n":%d}`, len(list)) {
			t.Fatalf("cut at %d: state %s with %v", cut, q.State("shop"), ids(list))
		}
		_ = q.Close()
	}
}

// The beginning isn't sent to whom it wasn't sent before its end was known.
func TestEndReplacesBeginning(t *testing.T) {
	q := open(t, t.TempDir())
	q.Put("shop", nil, []notice.Notice{fell("1")}, to("a", "b"))
	q.Done("a", time.Now(), "1")
	over := fell("1/over")
	over.Over, over.Items[0].Key = true, "1"
	q.Put("shop", nil, []notice.Notice{over}, to("a", "b"))
	wantPending(t, q, "a", "1/over")
	wantPending(t, q, "b", "1/over")
}

// Whatever happens, the file and what waits are bounded, and nothing goes uncounted.
func TestBounded(t *testing.T) {
	folder := t.TempDir()
	q := open(t, folder)
	const many = 2_500
	var list []notice.Notice
	for k := range many {
		list = append(list, fell(fmt.Sprint(k)))
		if len(list) == 500 {
			q.Put("shop", json.RawMessage(`{}`), list, to("a"))
			list = nil
		}
	}
	q = open(t, folder)
	waits, _ := q.Pending("a")
	if len(waits) > maxPending {
		t.Errorf("%d wait", len(waits))
	}
	counted := 0
	for _, n := range waits {
		counted += max(n.Count, 1)
	}
	if counted != many || waits[0].Kind != notice.Summary || waits[0].Of["shop"] != waits[0].Count {
		t.Errorf("%d are counted, %+v", counted, waits[0])
	}
	if info, err := os.Stat(filepath.Join(folder, FileName)); err != nil || info.Size() > 2*maxFile {
		t.Errorf("%v, %v", info.Size(), err)
	}
}

// States that are put for days don't make the file grow.
func TestFileIsWrittenAnew(t *testing.T) {
	folder := t.TempDir()
	q := open(t, folder)
	state, err := json.Marshal(map[string]string{"text": string(make([]byte, 20_000))})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		q.Put("shop", state, nil, to())
	}
	if info, err := os.Stat(filepath.Join(folder, FileName)); err != nil || info.Size() > 2*maxFile {
		t.Errorf("%v, %v", info.Size(), err)
	}
}

// Where the disk fails, it goes on in memory, says so once, and writes everything when that is possible again.
func TestDiskFails(t *testing.T) {
	folder := t.TempDir()
	var said []error
	q, err := Open(folder, func(err error) { said = append(said, err) })
	if err != nil {
		t.Fatal(err)
	}
	_ = q.file.Close() // writing to it fails from now on
	away := folder + "-away"
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	q.Put("shop", json.RawMessage(`{"n":1}`), []notice.Notice{fell("1")}, to("a"))
	q.Put("shop", json.RawMessage(`{"n":2}`), []notice.Notice{fell("2")}, to("a"))
	wantPending(t, q, "a", "1", "2")
	if len(said) != 1 || !errors.Is(said[0], os.ErrNotExist) {
		t.Errorf("said %v", said)
	}
	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	q.Done("a", time.Now(), "1")
	if len(said) != 2 || said[1] != nil {
		t.Errorf("said %v", said)
	}
	_ = q.Close()
	q = open(t, folder)
	wantPending(t, q, "a", "2")
}

func TestChannelsThatAreGone(t *testing.T) {
	q := open(t, t.TempDir())
	q.Put("shop", nil, []notice.Notice{fell("1")}, to("a", "b"))
	if dropped := q.Keep([]string{"b"}); dropped != 1 {
		t.Errorf("%d dropped", dropped)
	}
	wantPending(t, q, "a")
	wantPending(t, q, "b", "1")
}

// Whatever the file holds, it is opened or refused, and what is read is written again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"service":"shop","state":{},"put":[{"notice":{"id":"1","kind":"fell"},"to":["a"]}]}` + "\n"))
	f.Add([]byte(`{"channel":"a","done":["1"]}` + "\n{"))
	f.Add([]byte(`{"put":[{"notice":{"id":"1","kind":"summary","of":null},"to":["a","a"]}]}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		q := &Queue{states: map[string]json.RawMessage{}, sent: map[string][]time.Time{}}
		q.read(data)
		for _, l := range q.lines() {
			if _, err := json.Marshal(l); err != nil {
				t.Error(err)
			}
		}
	})
}
