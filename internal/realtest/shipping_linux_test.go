package realtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// shippedLine is how long each line is, with its newline.
const shippedLine = 64

// persistEvery is after how many lines rsyslog notes how far it is.
const persistEvery = 100

// filesAgain is how many files at most rsyslog ships again from their beginning after a kill: the one that it was in, and the one that had
// just been rotated. The number is what was seen in many runs; its documentation promises none.
const filesAgain = 2

// shipping is a service whose log rsyslog follows.
type shipping struct {
	*service
	dir    string
	file   string // the definition
	syslog *exec.Cmd
	kills  int // of rsyslog
}

// TestRsyslogFollowsThroughRotationAndKills: Debian's rsyslog follows the log of a program that writes numbered lines, while program,
// supervisor, keeper and rsyslog are killed in turn. Every line of the log is shipped, and twice only what rsyslog takes up again after
// its own death. 100,000 lines over 20 rotations; with DARUMA_SHIPPED_LINES so many, a rotation every 10,000, and 40 kills.
func TestRsyslogFollowsThroughRotationAndKills(t *testing.T) {
	require(t, "rsyslogd", "perl")
	lines, rotations, rounds := 100_000, 20, 2
	if text := os.Getenv("DARUMA_SHIPPED_LINES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		lines, rotations, rounds = n, n/10_000, 10
	}
	s := newShipping(t, lines/rotations*shippedLine)
	s.startSyslog()
	t.Cleanup(s.killSyslog)
	killers := []func(){
		func() { _, p := s.status("it"); kill(t, p.PID) },
		s.killSupervisor,
		func() { s.killSyslog(); s.kills++; s.startSyslog() },
		s.killKeeper,
	}
	for i := range rounds * len(killers) {
		s.awaitLines((i + 1) * lines / (rounds*len(killers) + 1))
		killers[i%len(killers)]()
	}
	s.awaitLines(lines)
	s.end()
	s.check(lines, rotations)
}

// newShipping starts the service; its log is rotated at maxSize bytes.
func newShipping(t *testing.T, maxSize int) *shipping {
	t.Helper()
	s := &shipping{dir: t.TempDir()}
	s.file = filepath.Join(s.dir, "daruma.yaml")
	write(t, filepath.Join(s.dir, "lines.pl"), fmt.Sprintf(`$| = 0;
my $run = $$ . "-" . time;
for (my $i = 1; ; $i++) {
  print substr(sprintf("%%010d %%s ", $i, $run) . "x" x 80, 0, %d) . "\n";
  select(undef, undef, undef, 0.005) unless $i %% 200;
}
`, shippedLine-1))
	s.service = run(t, s.dir, fmt.Sprintf("name: real\nprograms:\n  it:\n    command: [perl, lines.pl]\n    backoff: {initialSeconds: 0, maxSeconds: 0.1}\n    logs: {maxSize: %d, maxFiles: 10000}\n", maxSize))
	write(t, filepath.Join(s.dir, "rsyslog.conf"), fmt.Sprintf(`global(workDirectory=%[1]q)
main_queue(queue.type="Direct") # what is in a queue in memory is lost by a kill
module(load="imfile")
template(name="line" type="string" string="%%msg%%\n")
input(type="imfile" file="%[2]s/it.log" tag="it" persistStateInterval="%[3]d" maxSubmitAtOnce="1" deleteStateOnFileDelete="off")
input(type="imfile" file="%[2]s/it.*.log" tag="it" persistStateInterval="%[3]d" maxSubmitAtOnce="1" deleteStateOnFileDelete="off")
*.* action(type="omfile" file=%[4]q template="line" asyncWriting="off" flushOnTXEnd="on")
`, filepath.Join(s.dir, "positions"), s.logs(), persistEvery, s.shipped()))
	if err := os.MkdirAll(filepath.Join(s.dir, "positions"), 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shipping) logs() string    { return filepath.Join(s.home, s.name, "logs") }
func (s *shipping) shipped() string { return filepath.Join(s.dir, "shipped") }

// startSyslog starts rsyslogd in the foreground, on a configuration and with a pid file of its own.
func (s *shipping) startSyslog() {
	s.t.Helper()
	s.syslog = exec.Command(located("rsyslogd"), "-n", "-f", filepath.Join(s.dir, "rsyslog.conf"), "-i", filepath.Join(s.dir, "rsyslog.pid"))
	s.syslog.Stderr = s.out
	s.syslog.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := os.Remove(filepath.Join(s.dir, "rsyslog.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	if err := s.syslog.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shipping) killSyslog() {
	s.syslog.Process.Kill()
	s.syslog.Wait()
}

func (s *shipping) killSupervisor() {
	st, _ := s.status("it")
	kill(s.t, st.SupervisorPID)
	s.eventually("another supervisor answers", func() bool {
		ctx := s.t.Context()
		now, err := s.client.Status(ctx)
		return err == nil && now.SupervisorPID != st.SupervisorPID
	})
}

// killKeeper kills the keeper, with which everything ends, and starts the service again.
func (s *shipping) killKeeper() {
	st, _ := s.status("it")
	tree := descendants(s.t, s.cmd.Process.Pid)
	kill(s.t, st.KeeperPID)
	<-s.ended
	s.awaitGone(tree)
	next := &service{t: s.t, name: s.name, home: s.home, daruma: s.daruma}
	next.begin(exec.Command(next.daruma, "run", s.file))
	s.service = next
	s.await("the program runs again", func(e control.Event) bool { return e.Program == "it" && e.PID > 0 })
}

// awaitLines waits until so many lines are in the log.
func (s *shipping) awaitLines(lines int) {
	s.t.Helper()
	s.eventually(fmt.Sprintf("%d lines are written", lines), func() bool {
		sum := int64(0)
		for _, path := range s.logFiles() {
			if st, err := os.Stat(path); err == nil {
				sum += st.Size()
			}
		}
		return sum >= int64(lines)*shippedLine
	})
}

func (s *shipping) logFiles() []string {
	rotated, err := filepath.Glob(filepath.Join(s.logs(), "it.*.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return append(rotated, filepath.Join(s.logs(), "it.log"))
}

// check compares what was shipped with the log.
func (s *shipping) check(lines, rotations int) {
	s.t.Helper()
	log := map[string]bool{}
	for _, path := range s.logFiles() {
		for _, line := range wholeLines(s.t, path) {
			log[string(line)] = true
		}
	}
	var doubled int
	var missing map[string]bool
	s.eventually("every line is shipped", func() bool {
		doubled, missing = 0, map[string]bool{}
		for line := range log {
			missing[line] = true
		}
		for _, line := range wholeLines(s.t, s.shipped()) {
			if !missing[string(line)] {
				doubled++
			}
			delete(missing, string(line))
		}
		return len(missing) == 0
	})
	if rotated := len(s.logFiles()) - 1; rotated < rotations {
		s.t.Errorf("%d rotations, want %d", rotated, rotations)
	}
	if most := s.kills * filesAgain * lines / rotations; doubled > most {
		s.t.Errorf("%d lines were shipped twice or aren't in the log, at most %d might be after %d kills", doubled, most, s.kills)
	}
	s.t.Logf("%d lines over %d rotations, %d kills of rsyslog: 0 missing, %d twice", len(log), len(s.logFiles())-1, s.kills, doubled)
}

// wholeLines are the lines of a file that end with a newline.
func wholeLines(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	all := bytes.Split(data, []byte("\n"))
	return all[:len(all)-1]
}
