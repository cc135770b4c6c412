package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// deathCase kills the supervisor, starts it again as its user would, and counts what runs.
func deathCase(b *bench) (table, error) {
	const programs = 5
	t := table{columns: []string{"copies of each", "processes", "of them from before"}}
	for _, p := range b.peers {
		if p.name == "bare" {
			continue // one program, n times: there is no telling copies apart
		}
		if b.interrupted() {
			return t, errInterrupted
		}
		for _, v := range victims(p) {
			copies, note, err := copiesAfterDeath(b, p, v, programs)
			if err != nil {
				t.fail(v.name, err)
				continue
			}
			t.add(v.name, 0, note, copies...)
		}
	}
	return t, nil
}

// victim says which of a supervisor's processes are killed.
type victim struct {
	name string
	pick func(*session) []int
}

func victims(p *peer) []victim {
	root := func(s *session) []int { return []int{s.cmd.Process.Pid} }
	if p.name != "daruma" {
		return []victim{{p.name, root}}
	}
	return []victim{
		{"daruma, the keeper", root},
		{"daruma, keeper and supervisor", (*session).supervisors},
		{"daruma, the supervisor", func(s *session) []int {
			return slices.DeleteFunc(s.supervisors(), func(pid int) bool { return pid == s.cmd.Process.Pid })
		}},
	}
}

func copiesAfterDeath(b *bench, p *peer, v victim, programs int) (cells []string, note string, err error) {
	s, err := startSession(b.tools, p, programs, work{programs: named(b, programs)})
	if err != nil {
		return nil, "", err
	}
	defer s.end()
	if err := filesIn(s, programs); err != nil {
		return nil, "", err
	}
	time.Sleep(2 * time.Second)
	before := s.programsAlive()
	for _, pid := range v.pick(s) {
		unix.Kill(pid, unix.SIGKILL)
	}
	if runs(s.cmd.Process.Pid, s.tools.daruma) && v.name == "daruma, the supervisor" {
		note = "not started again: the keeper does"
	} else {
		s.cmd.Wait()
		if err := s.launch(); err != nil {
			return nil, "", err
		}
	}
	time.Sleep(8 * time.Second) // runsvdir looks every five seconds
	alive := s.programsAlive()
	kept := len(slices.DeleteFunc(slices.Clone(alive), func(pid int) bool { return !slices.Contains(before, pid) }))
	return append(s.countCopies(alive, programs), fmt.Sprint(kept)), note, nil
}

// countCopies tells the programs apart by the file that each writes to.
func (s *session) countCopies(alive []int, programs int) []string {
	count := map[string]int{}
	for _, pid := range alive {
		arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if words := strings.Split(string(arguments), "\x00"); len(words) > 1 {
			count[words[1]]++
		}
	}
	least, most := programs*2, 0
	for i := range programs {
		n := count[filepath.Join(s.work.dir, fmt.Sprintf("started-p%d", i))]
		least, most = min(least, n), max(most, n)
	}
	if least == most {
		return []string{fmt.Sprint(least), fmt.Sprint(len(alive))}
	}
	return []string{fmt.Sprintf("%d–%d", least, most), fmt.Sprint(len(alive))}
}

// named gives programs that write to a file each, so that they can be told apart.
func named(b *bench, n int) []program {
	var list []program
	for i := range n {
		name := fmt.Sprintf("p%d", i)
		list = append(list, program{name, []string{b.tools.first, "DIR/started-" + name}})
	}
	return list
}

// filesIn waits until each of them has written.
func filesIn(s *session, programs int) error {
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(s.work.dir, "started-*"))
		if err != nil {
			return err
		}
		if len(files) == programs {
			return nil
		}
	}
	return errors.New("not all programs started")
}
