package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// slow is where a peer's restart is a matter of a timer and not of speed: it is then killed in every tenth round only.
const slow = 300 // milliseconds

// restartCase keeps all peers up at once and kills their programs in turn, so that the machine's moods hit all alike.
// Only one program is down at any time.
func restartCase(b *bench) (table, error) {
	t := table{columns: []string{"median", "p99", "kills"}, ratio: true}
	var all []*killed
	defer func() {
		for _, k := range all {
			k.session.end()
		}
	}()
	for _, p := range b.peers {
		k, err := startKilled(b, p)
		if err != nil {
			t.fail(p.name, err)
			continue
		}
		all = append(all, k)
	}
	var failure error
	for round := 0; round < b.kills && failure == nil; round++ {
		for _, k := range all {
			if b.interrupted() {
				failure = errInterrupted
				break
			}
			if k.lost != nil || round%10 != 0 && median(k.took) > slow {
				continue
			}
			k.kill(b.uptime)
		}
	}
	for _, k := range all {
		note := ""
		if k.lost != nil {
			note = k.lost.Error()
		}
		t.add(k.session.peer.name, median(k.took), note, figure(median(k.took)), figure(quantile(k.took, 0.99)), fmt.Sprint(len(k.took)))
	}
	return t, failure
}

// killed is one session whose only program is killed again and again.
type killed struct {
	session *session
	now     start // the instance that runs
	took    []float64
	lost    error // it didn't come back
}

func startKilled(b *bench, p *peer) (*killed, error) {
	s, err := startSession(b.tools, p, 1, work{})
	if err != nil {
		return nil, err
	}
	first, err := s.starts.next(10 * time.Second)
	if err != nil {
		s.end()
		return nil, err
	}
	return &killed{session: s, now: first}, nil
}

func (k *killed) kill(uptime time.Duration) {
	time.Sleep(time.Duration(k.now.at + uptime.Nanoseconds() - now()))
	begin := now()
	if err := unix.Kill(k.now.pid, unix.SIGKILL); err != nil {
		k.lost = fmt.Errorf("the program was gone before it was killed: %w", err)
		return
	}
	next, err := k.session.starts.next(10 * time.Second)
	if err != nil {
		k.lost = fmt.Errorf("after %d kills: %w", len(k.took), err)
		return
	}
	k.took = append(k.took, float64(next.at-begin)/1e6)
	k.now = next
}

// crashLoopCase counts the starts of a program that fails at once.
func crashLoopCase(b *bench) (table, error) {
	const watched = 5 * time.Second
	t := table{columns: []string{"restarts", "range"}, ratio: true}
	one := func(p *peer) (float64, error) {
		s, err := startSession(b.tools, p, 0, work{programs: []program{{"p0", []string{b.tools.first, "DIR/starts", "exit", "1"}}}})
		if err != nil {
			return 0, err
		}
		defer s.end()
		first, err := s.starts.next(10 * time.Second)
		if err != nil {
			return 0, err
		}
		for n := 0; ; n++ {
			one, err := s.starts.next(watched)
			if err != nil || one.at-first.at > watched.Nanoseconds() {
				return float64(n), nil
			}
		}
	}
	return b.repeat(t, one)
}

// repeat runs one measurement of each peer in turn, as often as -runs says, and fills a table of median and range.
func (b *bench) repeat(t table, one func(*peer) (float64, error)) (table, error) {
	values := make([][]float64, len(b.peers))
	failed := make([]error, len(b.peers))
	var failure error
	for range b.runs {
		for i, p := range b.peers {
			if b.interrupted() {
				failure = errInterrupted
			}
			if failed[i] != nil || failure != nil {
				continue
			}
			v, err := one(p)
			if err != nil {
				failed[i] = err
				continue
			}
			values[i] = append(values[i], v)
		}
	}
	for i, p := range b.peers {
		if failed[i] != nil {
			t.fail(p.name, failed[i])
			continue
		}
		t.add(p.name, median(values[i]), "", figure(median(values[i])), spread(values[i]))
	}
	return t, failure
}
