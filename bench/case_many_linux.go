package main

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// upCase measures from the supervisor's exec to the first instruction of the last of many programs.
func upCase(b *bench) (table, error) {
	return b.repeat(table{columns: []string{fmt.Sprintf("median, %d programs", b.programs), "range"}, ratio: true}, func(p *peer) (float64, error) {
		s, err := startSession(b.tools, p, b.programs, work{})
		if err != nil {
			return 0, err
		}
		defer s.end()
		_, last, err := s.starts.await(b.programs, 3*time.Minute)
		return float64(last-s.begun) / 1e6, err
	})
}

// settled starts n programs and lets the supervisor come to rest: pebble, for one, watches each for a second.
func settled(b *bench, p *peer, n int, w work, rest time.Duration) (*session, []int, error) {
	s, err := startSession(b.tools, p, n, w)
	if err != nil {
		return nil, nil, err
	}
	pids, _, err := s.starts.await(len(s.work.programs), 3*time.Minute)
	if err != nil {
		s.end()
		return nil, nil, err
	}
	time.Sleep(rest)
	return s, pids, nil
}

// stopCase measures from the signal to the end of the last program. They all die of SIGTERM.
func stopCase(b *bench) (table, error) {
	return b.repeat(table{columns: []string{"median", "range"}, ratio: true}, func(p *peer) (float64, error) {
		s, pids, err := settled(b, p, 100, work{}, 2*time.Second)
		if err != nil {
			return 0, err
		}
		defer s.end()
		var open []unix.PollFd
		defer func() {
			for _, o := range open {
				unix.Close(int(o.Fd))
			}
		}()
		for _, pid := range pids {
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				return 0, fmt.Errorf("a program ended before the stop: %w", err)
			}
			open = append(open, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
		begin := now()
		if err := unix.Kill(s.cmd.Process.Pid, p.stop); err != nil {
			return 0, err
		}
		last, err := pollGone(open, 30*time.Second)
		return float64(last-begin) / 1e6, err
	})
}

// memoryCase sums the proportional set sizes of the supervisor's processes at rest.
func memoryCase(b *bench) (table, error) {
	many := fmt.Sprint(b.programs)
	t := table{columns: []string{"1", "100", many, "processes at 100", "open files at " + many}}
	for _, p := range b.peers {
		var cells []string
		processes, files := 0, 0
		for _, n := range []int{1, 100, b.programs} {
			if b.interrupted() {
				return t, errInterrupted
			}
			s, _, err := settled(b, p, n, work{}, 4*time.Second)
			if err != nil {
				cells = append(cells, err.Error())
				continue
			}
			pids := s.supervisors()
			cells = append(cells, figure(pss(pids)))
			if n == 100 {
				processes = len(pids)
			}
			files = openFiles(pids)
			s.end()
		}
		t.add(p.name, 0, "", append(cells, fmt.Sprint(processes), fmt.Sprint(files))...)
	}
	return t, nil
}

// statusCase measures the command that people type.
func statusCase(b *bench) (table, error) {
	t := table{columns: []string{"median", "p99"}}
	for _, p := range b.peers {
		if p.status == nil {
			continue
		}
		if b.interrupted() {
			return t, errInterrupted
		}
		took, note, err := statusTimes(b, p)
		if err != nil {
			t.fail(p.name, err)
			continue
		}
		t.add(p.name, 0, note, figure(median(took)), figure(quantile(took, 0.99)))
	}
	return t, nil
}

func statusTimes(b *bench, p *peer) (took []float64, note string, err error) {
	s, _, err := settled(b, p, 100, work{}, 3*time.Second)
	if err != nil {
		return nil, "", err
	}
	defer s.end()
	for range 20 * b.runs {
		cmd := p.status(b.tools, &s.work)
		begin := now()
		out, err := cmd.CombinedOutput()
		took = append(took, float64(now()-begin)/1e6)
		if n := strings.Count(string(out), "\n"); err != nil || n < 100 {
			return nil, "", fmt.Errorf("%s: %w, %d lines: %.200s", strings.Join(cmd.Args, " "), err, n, out)
		}
	}
	return took, "", nil
}
