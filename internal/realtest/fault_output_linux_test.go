package realtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestNoLineLostWhenSupervisorsDie kills supervisors at random moments while a program writes numbered lines, through
// rotations and compression. Every line must be there once, in order.
func TestNoLineLostWhenSupervisorsDie(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			const lines = 300_000
			s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it:
    command: [sh, -c, 'i=0; while [ $i -lt 30 ]; do seq -f "line %%.0f of the flood" $((i*10000)) $((i*10000+9999)); sleep 0.05; i=$((i+1)); done']
    restartPolicy: Never
    logs: {format: %s, maxSize: 1Mi, maxFiles: 1000}
  other: {command: [%s, hang]}
`, format, testbin.Path(t)))
			s.awaitReady("it", 0)
			for killed := 0; ; killed++ {
				st, p := s.status("it")
				if p.State == control.StateCompleted {
					if killed < 5 {
						t.Fatalf("only %d supervisors were killed", killed)
					}
					t.Logf("%d supervisors killed", killed)
					break
				}
				if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond) // sleep: the random moment is the test
				s.eventually("a successor", func() bool {
					now, err := s.client.Status(t.Context())
					return err == nil && now.SupervisorPID != st.SupervisorPID
				})
			}
			s.eventually("the last line is in the log", func() bool {
				out, _ := s.verb("logs", "-n", "1", s.name+"/it")
				return strings.Contains(out, fmt.Sprintf("line %d of", lines-1))
			})
			want := 0
			s.eachLine("it", func(line string) {
				if line != fmt.Sprintf("line %d of the flood", want) {
					t.Fatalf("line %d is %q", want, line)
				}
				want++
			})
			if want != lines {
				t.Errorf("%d lines, want %d", want, lines)
			}
		})
	}
}

// eachLine reads a program's output back through daruma logs.
func (s *service) eachLine(program string, visit func(line string)) {
	s.t.Helper()
	cmd := exec.Command(s.daruma, "logs", "-n", "100000000", "-o", "json", s.name+"/"+program)
	cmd.Env = append(os.Environ(), "DARUMA_HOME="+s.home)
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("daruma logs: %v\n%s", err, out)
	}
	scanner := bufio.NewScanner(bytes.NewReader(out))
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var line struct{ Message string }
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			s.t.Fatalf("%v: %q", err, scanner.Text())
		}
		visit(line.Message)
	}
}

// onSmallDisk gives a folder on a file system of its own, of this size.
func onSmallDisk(t *testing.T, size string) string {
	t.Helper()
	needRoot(t)
	dir := folder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestDiskFull: the programs write on, falls are handled and remembered, what is lost is counted and said, and all of it
// recovers by itself when there is space again.
func TestDiskFull(t *testing.T) {
	dir := onSmallDisk(t, "8m")
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  flood:
    command: [sh, -c, 'while :; do seq 1 20000; sleep 0.01; done']
    logs: {maxSize: 1Mi, maxFiles: 100, compress: true}
  crash: {command: [%[1]s, hang], backoff: {initialSeconds: 0}}
`, testbin.Path(t)))
	s.await("a loss", func(e control.Event) bool { return e.Kind == control.EventLogLoss && e.Program == "flood" })
	s.eventually("status counts the loss and warns", func() bool {
		st, p := s.status("flood")
		return p.LogLost > 0 && len(st.Warnings) > 0
	})
	_, flood := s.status("flood")
	for range 5 { // falls on the full disk
		_, p := s.status("crash")
		if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.eventually("crash stands again", func() bool {
			_, now := s.status("crash")
			return now.PID != 0 && now.PID != p.PID && now.Ready
		})
	}
	if _, now := s.status("flood"); now.PID != flood.PID {
		t.Errorf("the flood was disturbed: %+v, before %+v", now, flood)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	s.next = 0
	s.await("the end of the loss", func(e control.Event) bool { return e.Kind == control.EventLogLossEnded && e.Program == "flood" })
	s.eventually("the falls are in the record", func() bool {
		h, err := incident.Read(filepath.Join(s.home, "real", "state", "incidents.jsonl"))
		if err != nil {
			return false
		}
		falls := 0
		for _, i := range h.Incidents {
			if i.Program == "crash" {
				falls += i.Falls
			}
		}
		return falls == 5
	})
}

// TestUnrulyPrograms: one floods, one forks 500 children that ignore SIGTERM, one ignores every signal. Each is stopped,
// nothing of them is left, and a quiet one beside them stays untouched.
func TestUnrulyPrograms(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  quiet: {command: [%[1]s, hang]}
  flood: {command: [%[1]s, flood, -size, "4096"], terminationGracePeriodSeconds: 0.5, logs: {maxSize: 1Mi, maxFiles: 2}}
  bomb: {command: [sh, -c, 'trap "" TERM; i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; echo planted; wait'], terminationGracePeriodSeconds: 0.5}
  deaf: {command: [%[1]s, ignore-stop], terminationGracePeriodSeconds: 0.3}
`, testbin.Path(t)))
	s.awaitReady("quiet", 0)
	st, quiet := s.status("quiet")
	s.eventually("500 children", func() bool {
		return len(descendants(t, st.KeeperPID)) > 500 && strings.Contains(s.out.String(), "planted")
	})
	_, p := s.status("bomb")
	tree := descendants(t, p.PID)
	if r := s.command(control.VerbStop, "bomb"); !r.Done || r.EndedBy != control.EndedKill {
		t.Errorf("bomb: %+v, want it ended by kill", r)
	}
	wantEnded(s, tree)
	s.awaitLogged("deaf", "ready")
	if r := s.command(control.VerbStop, "deaf"); !r.Done || r.EndedBy != control.EndedKill {
		t.Errorf("deaf: %+v, want it ended by kill", r)
	}
	if r := s.command(control.VerbStop, "flood"); !r.Done {
		t.Errorf("flood: %+v", r)
	}
	if _, now := s.status("quiet"); now.PID != quiet.PID || now.Restarts != 0 {
		t.Errorf("quiet was disturbed: %+v", now)
	}
}

// TestHostileOutput: a 20 MiB line without an end, NUL bytes, invalid UTF-8 and a last line without newline survive.
func TestHostileOutput(t *testing.T) {
	dir := folder(t)
	var want []byte
	want = append(want, bytes.Repeat([]byte("x"), 20<<20)...)
	want = append(want, "\n\x00\x00nul\x00\n\xff\xfe\xc3(\nno newline at the end"...)
	if err := os.WriteFile(filepath.Join(dir, "raw"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	s := run(t, dir, fmt.Sprintf("name: real\nprograms:\n  it: {command: [cat, %s/raw], restartPolicy: Never}\n  other: {command: [%s, hang]}\n", dir, testbin.Path(t)))
	s.await("completed", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventCompleted })
	logs := filepath.Join(s.home, "real", "logs")
	s.eventually("all bytes are there", func() bool {
		var got []byte
		files, _ := filepath.Glob(filepath.Join(logs, "it.*.log*"))
		for _, f := range append(files, filepath.Join(logs, "it.log")) {
			if strings.HasSuffix(f, ".idx") {
				continue
			}
			data, err := os.ReadFile(f)
			if err != nil {
				return false
			}
			got = append(got, data...)
		}
		return bytes.Equal(got, want)
	})
}
