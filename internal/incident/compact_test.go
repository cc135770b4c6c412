package incident

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// again reads what compaction makes of h.
func again(t *testing.T, h *History, keep int, room int64) *History {
	t.Helper()
	var text []byte
	for _, l := range h.compacted(keep, room) {
		text = append(text, l.bytes()...)
	}
	c := newHistory()
	if err := c.fold(bytes.NewReader(text)); err != nil || c.Broken > 0 {
		t.Fatalf("%v, %d broken:\n%s", err, c.Broken, text)
	}
	c.observe(&h.last)
	c.end, c.Observed = h.end, h.Observed
	return c
}

// A compacted record says the same since boot, however often it is compacted, and the same about the incidents it keeps.
func TestCompactionKeepsWhatIsSaidSinceBoot(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	for _, p := range []string{"api", "worker"} {
		r.RecordWanted(p, true, "start")
	}
	fall := func(n int, p string) {
		r.RecordFall(Fall{Program: p, Generation: n, Kind: Exit, Cause: fmt.Sprintf("exit code %d", n), LastOutput: []string{strings.Repeat("x", 300)}})
		c.pass(time.Duration(100+n) * time.Millisecond)
		r.RecordRecovery(Recovery{Program: p, Generation: n + 1})
		c.pass(time.Duration(11+n) * time.Second)
	}
	for n := range 20 {
		fall(n, "api")
	}
	closeRecorder(t, r)
	c.reboot("boot-2", time.Minute)
	r, _ = open(t, path, c, Options{})
	for _, p := range []string{"api", "worker"} {
		r.RecordRecovery(Recovery{Program: p, Generation: 1})
	}
	r.RecordFall(Fall{Program: "worker", Kind: Exit, Cause: "exit code 64"})
	r.CloseIncident("worker", GaveUp, "exitCodes") // stays down: is always kept
	for n := range 30 {
		fall(n, "api")
		if n == 12 {
			r.RecordWanted("api", false, "stopped")
			c.pass(time.Minute)
			r.RecordWanted("api", true, "started")
		}
	}
	flush(t, r)
	h := history(t, path, c)
	want := h.Report(h.SinceBoot())
	for range 3 {
		for _, keep := range []int{25, 7, 1} {
			short := again(t, h, keep, 1<<20)
			if got := short.Report(short.SinceBoot()); !reflect.DeepEqual(got, want) {
				t.Errorf("keep %d: %+v\nwant %+v", keep, got, want)
			}
			if len(short.Incidents) > keep+1 || short.highest() != h.highest() {
				t.Errorf("keep %d: %d incidents, numbers up to %d", keep, len(short.Incidents), short.highest())
			}
			for k := range short.Incidents {
				if old := h.Incidents[h.index[short.Incidents[k].ID]]; !reflect.DeepEqual(short.Incidents[k], old) {
					t.Errorf("keep %d: %+v\nwas %+v", keep, short.Incidents[k], old)
				}
			}
			if n := len(short.Incidents); short.Incidents[n-1].ID != h.Incidents[len(h.Incidents)-1].ID {
				t.Errorf("keep %d: the latest isn't there", keep)
			}
			checkReports(t, short)
			h = short
		}
	}
}

// A recorder that writes for long keeps its file small, and IDs stay unique across compaction and reopening.
func TestFileStaysSmall(t *testing.T) {
	path, c := file(t), newHands()
	const limit = 20_000
	ids := map[string]bool{}
	for round := range 4 {
		r, _ := open(t, path, c, Options{MaxBytes: limit, Keep: 10, Start: SupervisorReplaced, Reason: "again"})
		if round == 0 {
			r.RecordWanted("api", true, "start")
		}
		for n := range 60 {
			id := r.RecordFall(Fall{Program: "api", Generation: n, Kind: Exit, Cause: "exit code 1"})
			if ids[id] {
				t.Fatalf("%s was given twice", id)
			}
			ids[id] = true
			c.pass(time.Second)
			r.RecordRecovery(Recovery{Program: "api", Generation: n + 1})
			c.pass(19 * time.Second)
			flush(t, r)
		}
		info, err := os.Stat(path)
		if err != nil || info.Size() > limit+2000 {
			t.Fatalf("%v, %d bytes", err, info.Size())
		}
		h := history(t, path, c)
		if a := one(t, h, "api"); h.Broken > 0 || a.Incidents != 60*(round+1) || a.Percent != 95 || a.WorstRecovery != Millis(time.Second) {
			t.Fatalf("round %d: %+v, %d broken", round, a, h.Broken)
		}
		closeRecorder(t, r)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A compaction that fails leaves the file as it is.
func TestFailedReplaceLeavesTheFile(t *testing.T) {
	path, _, content := sample(t)
	s := store{path: path, good: int64(len(content))}
	defer s.close()
	if err := s.replace(func(w io.Writer) (int64, error) { return 0, io.ErrShortWrite }); err == nil {
		t.Error("no error")
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, content) {
		t.Error("the file has changed")
	}
	if err := s.append([]byte("more\n")); err != nil {
		t.Error(err)
	}
}
