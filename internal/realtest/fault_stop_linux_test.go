package realtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
)

// TestStopAtFullDisk: a program writes when the disk is full, then daruma is stopped. What the disk didn't take is counted, to the byte,
// and said.
func TestStopAtFullDisk(t *testing.T) {
	dir := onSmallDisk(t, "2m")
	written := filepath.Join(t.TempDir(), "written") // on another disk: all of it is in the pipe
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  late: {command: [sh, -c, 'trap "seq 1 5000; : > %s" USR1; echo up; while :; do sleep 0.05; done'], terminationGracePeriodSeconds: 1}
`, written))
	s.awaitReady("late", 0)
	log := filepath.Join(s.home, "real", "logs", "late.log")
	s.eventually("it is up", func() bool { info, err := os.Stat(log); return err == nil && info.Size() > 0 })
	fill, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	for piece := make([]byte, 4096); err == nil; {
		_, err = fill.Write(piece)
	}
	if fill.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_, p := s.status("late")
	if err := syscall.Kill(p.PID, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	s.eventually("the program has written all", func() bool { _, err := os.Stat(written); return err == nil })
	s.eventually("the disk refuses the output", func() bool { st, _ := s.status("late"); return len(st.Warnings) > 0 })
	s.interrupt()
	<-s.ended
	said := regexp.MustCompile(`the last (\d+) bytes of its output are lost`).FindStringSubmatch(s.out.String())
	if said == nil {
		t.Fatalf("nobody says that output is lost:\n%s", s.out)
	}
	info, err := os.Stat(log)
	if err != nil {
		t.Fatal(err)
	}
	all := len("up\n")
	for n := 1; n <= 5000; n++ {
		all += len(fmt.Sprintln(n))
	}
	if lost, err := strconv.Atoi(said[1]); err != nil || int64(lost)+info.Size() != int64(all) {
		t.Errorf("%d bytes are in the log, %s lost, want %d in all", info.Size(), said[1], all)
	}
}
