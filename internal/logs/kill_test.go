package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestMain makes the test binary a pump that another test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOGS_TEST_PUMP"); dir != "" {
		beAPump(dir)
	}
	if size := os.Getenv("LOGS_TEST_FLOOD"); size != "" {
		beAFlood(size)
	}
	os.Exit(m.Run())
}

// killSettings rotate and compress all the time.
func killSettings(format logfile.Format) logfile.Settings {
	return logfile.Settings{Format: format, MaxSize: 20_000, MaxFiles: 1 << 20, Compress: true}
}

// beAPump pumps the inherited pipes until it is killed. The first of what it inherits is told when it has begun.
func beAPump(dir string) {
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "pump:", err)
			os.Exit(1)
		}
	}
	format := logfile.Format(os.Getenv("LOGS_TEST_FORMAT"))
	var pipes []*os.File
	for _, number := range strings.Fields(os.Getenv("LOGS_TEST_PIPES")) {
		n, err := strconv.ParseUint(number, 10, 64)
		check(err)
		pipes = append(pipes, os.NewFile(uintptr(n), "pipe"))
	}
	s, err := Open(Options{Service: "shop", Dir: dir, SpoolDir: filepath.Join(dir, "spool"), OnEvent: func(e Event) {
		fmt.Fprintln(os.Stderr, "pump:", e)
	}})
	check(err)
	s.zip.Settle = 3 * time.Millisecond
	if os.Getenv("LOGS_TEST_WAY") == "copy" {
		copyOnly(s)
	}
	k, err := s.Program("api", killSettings(format))
	check(err)
	for i, pipe := range pipes[1:] {
		_, err := k.Attach(7, []string{"stdout", "stderr"}[i], pipe)
		check(err)
	}
	_, err = pipes[0].Write([]byte{1})
	check(err)
	select {}
}

// numbered writes numbered lines of changing lengths in pieces of changing lengths until stop, the last one unfinished,
// and gives what it wrote. Some are binary and long: with repeats the same three bytes again and again.
func numbered(w *os.File, seed uint64, repeats bool, stop <-chan struct{}) []byte {
	rnd := rand.New(rand.NewPCG(seed, 3))
	var all, pending []byte
	for i := 0; ; i++ {
		pending = fmt.Appendf(pending, "%d %s\n", i, strings.Repeat("x", rnd.IntN(200)))
		if rnd.IntN(3000) == 0 {
			junk := bytes.Repeat([]byte("\xff\x00y"), 100_000)
			for i := 0; i < len(junk) && !repeats; i += 3 {
				junk[i] = 0x80 | byte(rnd.Uint32())
			}
			pending = append(pending, junk...)
		}
		if rnd.IntN(40) != 0 {
			continue
		}
		select {
		case <-stop:
			return all
		default:
		}
		n := 1 + rnd.IntN(len(pending))
		if _, err := w.Write(pending[:n]); err != nil {
			panic(err)
		}
		all = append(all, pending[:n]...)
		pending = append(pending[:0], pending[n:]...)
		time.Sleep(time.Duration(n) * time.Microsecond) // sleep: 1 MB/s, because all of it has to be checked in the end
	}
}

// killable is a pump in a process of its own.
type killable struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

func startPump(t *testing.T, dir string, format logfile.Format, way string, pipes []*os.File) *killable {
	t.Helper()
	ready, readyW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	p := &killable{cmd: exec.Command(os.Args[0])}
	numbers, done := handOver(t, p.cmd, append([]*os.File{readyW}, pipes...))
	p.cmd.Env = append(os.Environ(), "LOGS_TEST_PUMP="+dir, "LOGS_TEST_FORMAT="+string(format), "LOGS_TEST_WAY="+way,
		"LOGS_TEST_PIPES="+strings.Trim(fmt.Sprint(numbers), "[]"))
	p.cmd.Stderr = &p.stderr
	err = p.cmd.Start()
	done()
	if err != nil {
		t.Fatal(err)
	}
	readyW.Close()
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		p.kill()
		t.Fatalf("the pump didn't begin: %v: %s", err, p.stderr.String())
	}
	return p
}

func (p *killable) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// TestKillLosesNothingAndRepeatsNothing ends pumps by kill -9 at random moments, hundreds of times, while programs write,
// logs rotate and files are compressed. What is stored in the end is what was written, byte for byte.
func TestKillLosesNothingAndRepeatsNothing(t *testing.T) {
	kills := 250
	if testing.Short() {
		kills = 40
	}
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		for _, way := range ways() {
			kills := kills
			if way == "copy" && kills > 100 {
				kills = 100 // TestTakeoverBetweenTheStepsOfAMove hits the moments that a kill seldom does
			}
			t.Run(string(format)+" "+way, func(t *testing.T) {
				t.Parallel()
				killPumps(t, format, way, kills)
			})
		}
	}
}

// killPumps kills one pump after the other and checks what is stored in the end.
func killPumps(t *testing.T, format logfile.Format, way string, kills int) {
	names := []string{"stdout"}
	if format == logfile.JSON {
		names = append(names, "stderr")
	}
	dir := t.TempDir()
	stop := make(chan struct{})
	var readers []*os.File
	var writers []chan []byte
	for i := range names {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
		result := make(chan []byte, 1)
		writers = append(writers, result)
		go func() {
			result <- numbered(w, uint64(i), way != "copy", stop) // see copyjournal.go for what remains
			w.Close()
		}()
	}
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 4))
	for range kills {
		p := startPump(t, dir, format, way, readers)
		time.Sleep(time.Duration(rnd.IntN(12_000)) * time.Microsecond) // sleep: the random moment of the kill is the test
		p.kill()
		if p.stderr.Len() > 0 {
			t.Fatalf("%s", p.stderr.String())
		}
	}
	close(stop)
	b := newBench(t, Options{Dir: dir, SpoolDir: filepath.Join(dir, "spool")})
	if way == "copy" {
		copyOnly(b.store)
	}
	b.store.zip.Settle = 3 * time.Millisecond
	k := b.sink("api", killSettings(format))
	wants := map[string][]byte{}
	for i, name := range names {
		c, err := k.Attach(7, name, readers[i])
		if err != nil {
			t.Fatal(err)
		}
		wants[name] = <-writers[i]
		<-c.Done()
	}
	awaitCompressed(t, dir)
	b.store.Close()
	got := map[string][]byte{"stdout": stored(t, dir, "api")}
	if format == logfile.JSON {
		got = streams(t, got["stdout"])
	}
	h, _ := logfile.Scan(dir)
	total := 0
	for _, name := range names {
		sameBytes(t, got[name], wants[name])
		total += len(wants[name])
	}
	t.Logf("%d kills, %d bytes, %d rotated files, %d of them compressed", kills, total, len(h["api"].Files), len(h["api"].Zipped))
}

// awaitCompressed waits for the first compressed file: pumps that live for milliseconds may not get that far.
func awaitCompressed(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if h, err := logfile.Scan(dir); err == nil && h["api"] != nil && len(h["api"].Zipped) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is compressed")
		}
		time.Sleep(time.Millisecond) // sleep: a file's appearance can't be waited for on both systems
	}
}
