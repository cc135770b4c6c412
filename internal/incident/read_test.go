package incident

import (
	"bytes"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample writes a record with a bit of everything.
func sample(t *testing.T) (path string, c *hands, content []byte) {
	t.Helper()
	path, c = file(t), newHands()
	r, _ := open(t, path, c, Options{Reason: "start"})
	r.RecordWanted("api", true, "start")
	flush(t, r)
	c.pass(time.Minute)
	r.RecordFall(Fall{Program: "api", Generation: 1, Kind: LivenessProbe, Cause: "livenessProbe failed 3 times in a row: ä", Probe: "livenessProbe", LastOutput: []string{"a\x00\xff", "b"}})
	flush(t, r)
	c.pass(time.Second)
	r.RecordAction(Action{Program: "api", What: "restarted at once", Generation: 2})
	flush(t, r)
	r.RecordRecovery(Recovery{Program: "api", Generation: 2})
	flush(t, r)
	c.pass(time.Minute)
	r.RecordFall(Fall{Program: "api", Generation: 2, Kind: Exit, Cause: "exit code 1"})
	closeRecorder(t, r)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, c, content
}

// Torn at every byte: all lines before are there, and a recorder goes on behind them without doubling or losing any.
func TestTornAtEveryByte(t *testing.T) {
	path, c, content := sample(t)
	if err := os.Remove(alivePath(path)); err != nil {
		t.Fatal(err)
	}
	for n := range len(content) + 1 {
		if err := os.WriteFile(path, content[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := content[:bytes.LastIndexByte(content[:n], '\n')+1]
		want := newHistory()
		if err := want.fold(bytes.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
		h := history(t, path, c)
		if h.Broken != 0 || h.torn != (n > len(whole)) || !reflect.DeepEqual(h.Incidents, want.Incidents) || h.whole != int64(len(whole)) {
			t.Fatalf("cut at %d: %+v", n, h)
		}
		checkReports(t, h)
		if n%7 != 0 && n != len(content) { // a recorder for each would fsync a thousand times
			continue
		}
		r, found := open(t, path, c, Options{Start: SupervisorReplaced, Reason: "killed"})
		if found.Torn != (n > len(whole)) {
			t.Fatalf("cut at %d: %+v", n, found)
		}
		r.RecordFall(Fall{Program: "new", Kind: Exit, Cause: "exit code 9"})
		closeRecorder(t, r)
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(after, whole) {
			t.Fatalf("cut at %d: what was whole has changed", n)
		}
		h = history(t, path, c)
		if last := h.Incidents[len(h.Incidents)-1]; h.Broken != 0 || h.torn || last.Program != "new" || len(h.Incidents) < len(want.Incidents)+1 {
			t.Fatalf("cut at %d: %+v", n, h)
		}
	}
}

func TestBrokenLinesArePassedOver(t *testing.T) {
	path, c, content := sample(t)
	lines := strings.SplitAfter(string(content), "\n")
	want := history(t, path, c)
	for _, junk := range []string{"\x00\x00\x00\n", "{\"seq\":3,\n", "not json\n", "[]\n", "{}\n", strings.Repeat("x", maxLine+9) + "\n",
		`{"seq":99,"t":1,"type":"begin","incident":{"id":"x","fromT":-5}}` + "\n", `{"seq":99,"t":1e300,"type":"wanted"}` + "\n"} {
		for at := 1; at < len(lines); at++ {
			text := strings.Join(lines[:at], "") + junk + strings.Join(lines[at:], "")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if h := history(t, path, c); h.Broken != 1 || !reflect.DeepEqual(h.Incidents, want.Incidents) || h.whole != int64(len(text)) {
				t.Fatalf("%.30q before line %d: %d broken, %d incidents", junk, at, h.Broken, len(h.Incidents))
			}
		}
	}
	twice := []byte(strings.Join(lines, "") + strings.Join(lines[1:], ""))
	if err := os.WriteFile(path, twice, 0o600); err != nil {
		t.Fatal(err)
	}
	if h := history(t, path, c); !reflect.DeepEqual(h.Incidents, want.Incidents) || len(h.marks) != len(want.marks) {
		t.Error("lines written twice count twice")
	}
}

// checkReports asks for reports over all sorts of windows and checks what must be true of any.
func checkReports(t *testing.T, h *History) {
	t.Helper()
	checkPortions(t, h)
	windows := []Window{h.SinceBoot(), {}, {From: 1, To: h.end}, {From: h.end, To: 1}}
	for _, d := range []time.Duration{-1, 0, time.Nanosecond, time.Second, time.Hour, 1<<63 - 1} {
		windows = append(windows, h.Last(d))
	}
	for _, w := range windows {
		for _, a := range h.Report(w) {
			if !(a.Percent >= 0 && a.Percent <= 100) || a.Down < 0 || a.Wanted < 0 || a.Down > a.Wanted || a.MeanRecovery < 0 || a.MeanRecovery > a.WorstRecovery {
				t.Fatalf("window %+v: %+v", w, a)
			}
		}
	}
}

// Whatever is told in whatever order, availability is between 0 and 100 %, and time down is at most time wanted.
func TestAvailabilityIsAPercentage(t *testing.T) {
	for round := range 40 {
		rnd := rand.New(rand.NewPCG(1, uint64(round)))
		path, c := file(t), newHands()
		r, _ := open(t, path, c, Options{Relapse: time.Duration(1 + rnd.IntN(int(20*time.Second))), MaxBytes: 4000 + int64(rnd.IntN(1<<20)), Keep: 1 + rnd.IntN(8)})
		programs := []string{"a", "b", "c"}
		for range 150 {
			p := programs[rnd.IntN(len(programs))]
			ago := time.Duration(rnd.Int64N(int64(time.Minute))) * time.Duration(rnd.IntN(2))
			switch rnd.IntN(9) {
			case 0, 1:
				r.RecordFall(Fall{Program: p, Cause: "x", Kind: Exit, Ago: ago})
			case 2, 3:
				r.RecordRecovery(Recovery{Program: p, Ago: ago})
			case 4:
				r.RecordAction(Action{Program: p, Ago: ago, Generation: rnd.IntN(2)})
			case 5:
				r.RecordWanted(p, rnd.IntN(3) > 0, "")
			case 6:
				r.CloseIncident(p, []Outcome{GaveUp, Stopped, Superseded}[rnd.IntN(3)], "")
			case 7:
				c.set(time.Duration(rnd.Int64N(int64(10*time.Hour))) - 5*time.Hour)
			case 8:
				if rnd.IntN(5) > 0 {
					break
				}
				closeRecorder(t, r)
				if rnd.IntN(2) == 0 {
					c.reboot(c.boot+"x", time.Duration(rnd.Int64N(int64(time.Hour)))-time.Minute)
				}
				r, _ = open(t, path, c, Options{Start: []Start{ServiceStarted, SupervisorReplaced}[rnd.IntN(2)], MaxBytes: 4000, Keep: 5})
			}
			c.pass(time.Duration(rnd.Int64N(int64(20 * time.Second))))
		}
		flush(t, r)
		h := history(t, path, c)
		if h.Broken != 0 || len(h.Incidents) == 0 {
			t.Fatalf("round %d: %+v", round, h)
		}
		checkReports(t, h)
		closeRecorder(t, r)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\n\n{\"seq\":1}\n"))
	f.Add([]byte(`{"seq":1,"t":1,"at":"2026-11-22T03:00:00Z","type":"boot","boot":"b","monoMs":3600000}
{"seq":2,"t":1.5,"at":"2026-11-22T03:00:00Z","type":"wanted","program":"api"}
{"seq":3,"t":60001,"at":"2026-11-22T03:01:00Z","type":"begin","incident":{"id":"3","service":"shop","program":"api","kind":"exit","cause":"exit code 1","falls":1,"restarts":0,"detected":"2026-11-22T03:01:00Z","downMs":0,"outcome":"open","fromT":60001,"downSinceT":60001}}
{"seq":4,"t":61001,"at":"2026-11-22T03:01:01Z","type":"recovered","incident":{"id":"3","service":"shop","program":"api","kind":"exit","cause":"exit code 1","falls":1,"restarts":0,"detected":"2026-11-22T03:01:00Z","recovered":"2026-11-22T03:01:01Z","recoveredAfterMs":1000,"downMs":1000,"outcome":"recovered","fromT":60001,"untilT":61001}}
{"seq":0,"t":1,"at":"2026-11-22T03:00:00Z","type":"totals","program":"api","boot":"b","totals":{"wantedMs":1e15,"downMs":9e18,"incidents":3,"falls":4,"recovered":2,"recoverSumMs":5,"worstMs":4}}
{"seq":0,"t":2,"at":"2026-11-22T03:00:00Z","type":"cut","upTo":77,"lost":3}
`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h := newHistory()
		if err := h.fold(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		if h.whole > int64(len(b)) || (len(b) > 0 && h.torn != (b[len(b)-1] != '\n')) {
			t.Fatalf("whole %d of %d, torn %t", h.whole, len(b), h.torn)
		}
		h.setEnd(newHands().clock())
		checkReports(t, h)
		// What compaction makes of it can be read again.
		var text []byte
		for _, l := range h.compacted(3, 1000) {
			text = append(text, l.bytes()...)
		}
		again := newHistory()
		if err := again.fold(bytes.NewReader(text)); err != nil || again.Broken != 0 || again.highest() < h.highest() {
			t.Fatalf("%v, %d broken, numbers up to %d, before %d:\n%s", err, again.Broken, again.highest(), h.highest(), text)
		}
		again.setEnd(newHands().clock())
		checkReports(t, again)
	})
}
