package incident

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With this variable the test binary is a supervisor that records falls until it is killed.
const writerVar = "DARUMA_INCIDENT_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerVar); path != "" {
		writer(path)
		return
	}
	os.Exit(m.Run())
}

// writer records a fall and a recovery, again and again, and prints the number of each that is on the disk.
func writer(path string) {
	r, _, err := Open(path, Options{Service: "shop", Start: SupervisorReplaced, Reason: "killed by SIGKILL", Relapse: 1, MaxBytes: 64 << 10, Keep: 10_000})
	if err != nil {
		panic(err)
	}
	from, err := strconv.Atoi(os.Getenv(writerVar + "_FROM"))
	if err != nil {
		panic(err)
	}
	for n := from; ; n++ {
		r.RecordRecovery(Recovery{Program: "api"}) // what the one before left open
		r.RecordFall(Fall{Program: "api", Generation: n, Kind: Exit, Cause: "exit code 1"})
		if err := r.Flush(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("fell", n)
		r.RecordRecovery(Recovery{Program: "api", Generation: n})
		if err := r.Flush(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("recovered", n)
	}
}

// Whatever was confirmed is there after kill -9 at any moment, and nothing is there twice. The file is compacted meanwhile, too.
func TestKill9(t *testing.T) {
	const kills = 60
	path := filepath.Join(t.TempDir(), "incidents.jsonl")
	fell, recovered := map[int]bool{}, map[int]bool{}
	next := 1
	for killed := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerVar+"="+path, fmt.Sprintf("%s_FROM=%d", writerVar, next))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		if !said.Scan() {
			t.Fatal("the writer said nothing")
		}
		timer := time.AfterFunc(time.Duration(rand.IntN(30_000))*time.Microsecond, func() { cmd.Process.Kill() }) //nolint:errcheck // it may be that it is being killed
		for more := true; more; more = said.Scan() {
			var word string
			var n int
			if _, err := fmt.Sscan(said.Text(), &word, &n); err != nil {
				t.Fatalf("%q: %v", said.Text(), err)
			}
			map[string]map[int]bool{"fell": fell, "recovered": recovered}[word][n] = true
			next = max(next, n+1)
		}
		timer.Stop()
		cmd.Process.Kill() //nolint:errcheck // likewise
		cmd.Wait()         //nolint:errcheck // it was killed
		next++             // the one that was under way may be there, unconfirmed

		h, err := Read(path)
		if err != nil || h.Broken > 0 || h.Lost > 0 {
			t.Fatalf("%v, %d broken, %d lost", err, h.Broken, h.Lost)
		}
		confirmed(t, h, fell, recovered)
		if n := h.Report(h.SinceBoot())[0].Incidents; n < len(fell) || n > len(fell)+killed+1 {
			t.Fatalf("after %d kills %d falls are counted, %d were confirmed", killed+1, n, len(fell))
		}
	}
	if len(fell) < kills {
		t.Errorf("%d falls only", len(fell))
	}
	t.Logf("%d kills, %d falls and %d recoveries confirmed", kills, len(fell), len(recovered))
}

// confirmed checks that each fall is there once, unless compaction has put it, as one of the oldest, into the totals.
func confirmed(t *testing.T, h *History, fell, recovered map[int]bool) {
	t.Helper()
	there, oldest := map[int]Incident{}, 0
	for _, i := range h.Incidents {
		if i.Program != "api" {
			continue
		}
		if _, twice := there[i.Generation]; twice || i.Falls != 1 {
			t.Fatalf("fall %d is there twice", i.Generation)
		}
		if there[i.Generation] = i; oldest == 0 {
			oldest = i.Generation
		}
	}
	for n := range fell {
		if i, ok := there[n]; n >= oldest && (!ok || recovered[n] && i.Outcome != Recovered) {
			t.Fatalf("fall %d was confirmed (recovery: %t), the record has %+v", n, recovered[n], i)
		}
	}
}

// smallDisk mounts a file system of 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatalf("a tmpfs is needed for the test of a full disk: %v", err)
		}
		t.Skipf("not tested: a full disk (mounting a tmpfs: %v; it takes root)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no byte of the disk free.
func fill(t *testing.T, dir string) (release func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for size := 4096; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	f.Close()
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// A full disk: nobody waits, what fits into memory is written when there is space again, without anybody asking, and what didn't fit is counted.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	path, c := filepath.Join(dir, "incidents.jsonl"), newHands()
	r, _ := open(t, path, c, Options{Queue: 20})
	r.RecordWanted("api", true, "start")
	flush(t, r)
	release := fill(t, dir)

	begin := time.Now()
	const falls = 200
	for n := range falls {
		r.RecordFall(Fall{Program: "api", Generation: n, Kind: Exit, Cause: "exit code 1", LastOutput: []string{strings.Repeat("x", 400)}})
		r.RecordRecovery(Recovery{Program: "api", Generation: n + 1})
		c.pass(20 * time.Second)
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("%v for %d falls: somebody waited for the disk", d, falls)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Flush(ctx); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("flushed to a full disk: %v", err)
	}
	health := r.Health()
	if health.Err == nil || health.Lost == 0 || health.Pending > 2*20 {
		t.Errorf("%+v", health)
	}
	if h := history(t, path, c); h.Broken > 0 {
		t.Errorf("%d broken lines on the full disk", h.Broken)
	}
	release()
	for deadline := time.Now().Add(10 * time.Second); r.Health().Pending > 0; time.Sleep(10 * time.Millisecond) { // sleep: between two looks at Health, which has no event
		if time.Now().After(deadline) {
			t.Fatalf("it isn't tried again: %+v", r.Health())
		}
	}
	h := history(t, path, c)
	if h.Broken > 0 || h.Lost != r.Health().Lost || len(h.Incidents)+h.Lost < falls || h.Incidents[len(h.Incidents)-1].Generation != falls-1 {
		t.Errorf("%d incidents, %d lost, %d broken; %+v", len(h.Incidents), h.Lost, h.Broken, r.Health())
	}
	if a := one(t, h, "api"); a.Wanted != Millis(falls*20*time.Second) && a.Wanted < Millis((falls-1)*20*time.Second) {
		t.Errorf("%+v", a)
	}
	flush(t, r)
}

// The file is removed, moved or its folder is gone for a while: the recorder goes on with a new one.
func TestFileTakenAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path, c := filepath.Join(dir, "incidents.jsonl"), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	flush(t, r)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	r.RecordFall(Fall{Program: "api", Generation: 1, Kind: Exit, Cause: "exit code 1"})
	flush(t, r)
	if h := history(t, path, c); len(h.Incidents) != 1 {
		t.Errorf("%+v", h)
	}
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	r.RecordRecovery(Recovery{Program: "api", Generation: 2})
	for r.Health().Err == nil { // its goroutine tries at once
		time.Sleep(time.Millisecond) // sleep: between two looks at Health, which has no event
	}
	if err := os.Rename(dir+".gone", dir); err != nil {
		t.Fatal(err)
	}
	flush(t, r)
	if h := history(t, path, c); len(h.Incidents) != 1 || h.Incidents[0].Outcome != Recovered {
		t.Errorf("%+v", h)
	}
}

// The monotonic clock is the machine's, not the process's: two processes can subtract.
func TestSystemClock(t *testing.T) {
	c := systemClock()
	if len(c.boot) != 36 {
		t.Errorf("boot %q", c.boot)
	}
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	var up float64
	if _, err := fmt.Sscan(string(b), &up); err != nil {
		t.Fatal(err)
	}
	if d := c.mono().Seconds() - up; d > 5 || c.mono() <= 0 { // less than the uptime where the machine has slept
		t.Errorf("monotonic clock %v, uptime %v s", c.mono(), up)
	}
}
