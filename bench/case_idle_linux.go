package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// idleCase measures what a supervisor does while there is nothing to do.
func idleCase(b *bench) (table, error) {
	t := table{columns: []string{fmt.Sprintf("ms in %v", b.watch)}}
	err := b.watched(&t, 100, func(*peer) bool { return true }, "", func(used time.Duration) string {
		return figure(float64(used.Microseconds()) / 1e3)
	})
	return t, err
}

// probesCase has one HTTP server answer for all programs: what is measured is the one who asks.
func probesCase(b *bench) (table, error) {
	t := table{columns: []string{"% of a core"}}
	server := exec.Command(b.tools.testprog, "http")
	out, err := server.StdoutPipe()
	if err != nil {
		return t, err
	}
	if err := server.Start(); err != nil {
		return t, err
	}
	defer server.Wait()
	defer server.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return t, err
	}
	port := strings.TrimSpace(line[strings.LastIndexByte(line, ':')+1:])
	err = b.watched(&t, 1000, func(p *peer) bool { return p.probes }, port, func(used time.Duration) string {
		return figure(100 * used.Seconds() / b.watch.Seconds())
	})
	return t, err
}

// watched lets n programs run and sees how much CPU the supervisor's processes use, one peer after the other.
func (b *bench) watched(t *table, n int, takes func(*peer) bool, probe string, cell func(time.Duration) string) error {
	for _, p := range b.peers {
		if !takes(p) {
			continue
		}
		if b.interrupted() {
			return errInterrupted
		}
		rest := 10 * time.Second
		if probe != "" {
			rest = 15 * time.Second // until the first probes have spread
		}
		s, _, err := settled(b, p, n, work{probe: probe}, rest)
		if err != nil {
			t.fail(p.name, err)
			continue
		}
		pids := s.supervisors()
		before := cpu(pids)
		time.Sleep(b.watch)
		used := cpu(pids) - before
		t.add(p.name, 0, fmt.Sprintf("%d processes", len(pids)), cell(used))
		s.end()
	}
	return nil
}
