package top

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/daruma-sh/daruma/internal/observe/live"
)

const (
	// firstLines is how many lines of each program are shown of what is there.
	firstLines = 200
	// gather joins the lines of a burst.
	gather = 50 * time.Millisecond
	// maxLine is how many bytes of a line are kept: more than a screen is wide.
	maxLine = 4096
)

// linesMsg are new lines of a log.
type linesMsg struct {
	from  *follower
	lines [][]byte
	note  string
	ended bool
}

// follower reads logs for a page. It keeps no more than a page shows, however fast they are written.
type follower struct {
	end  context.CancelFunc
	ctx  context.Context
	news chan struct{} // of capacity 1

	mu    sync.Mutex
	lines [][]byte
	lost  int
	note  string
	done  bool
}

func newFollower(ctx context.Context) *follower {
	ctx, end := context.WithCancel(ctx)
	return &follower{ctx: ctx, end: end, news: make(chan struct{}, 1)}
}

// add takes a line; who shows them may be slower than who writes them: the oldest go then, which the log has all the same.
func (f *follower) add(program string, text []byte) {
	text = bytes.TrimSuffix(text, []byte{'\r'})
	line := make([]byte, 0, len(program)+3+min(len(text), maxLine))
	if program != "" {
		line = append(append(line, program...), " | "...)
	}
	line = append(line, text[:min(len(text), maxLine)]...)
	f.change(func() {
		if len(f.lines) >= 2*maxLines {
			f.lost += len(f.lines) - maxLines
			f.lines = append(f.lines[:0], f.lines[len(f.lines)-maxLines:]...)
		}
		f.lines = append(f.lines, line)
	})
}

func (f *follower) say(note string) { f.change(func() { f.note = note }) }

func (f *follower) change(what func()) {
	f.mu.Lock()
	what()
	f.mu.Unlock()
	select {
	case f.news <- struct{}{}:
	default: // it is said already
	}
}

// next waits for lines; what comes within a moment comes together.
func (f *follower) next() tea.Msg {
	select {
	case <-f.ctx.Done():
		return nil
	case <-f.news:
	}
	select { // a burst of lines comes together
	case <-f.ctx.Done():
	case <-time.After(gather):
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	msg := linesMsg{from: f, lines: f.lines, note: f.note, ended: f.done}
	if f.lost > 0 {
		msg.note = fmt.Sprintf("%d lines came too fast to be shown; daruma logs has them", f.lost)
	}
	f.lines, f.note = nil, ""
	return msg
}

// logs reads the files of the logs, which go on where supervisors don't, or asks the supervisor where they are closed to this user.
func (d *doerOf) logs(t target) *follower {
	f := newFollower(d.ctx)
	go func() {
		err := f.read(t)
		if f.ctx.Err() != nil {
			return
		}
		f.change(func() {
			f.done = true
			if err != nil {
				f.note = "they can't be read: " + err.Error()
			}
		})
	}()
	return f
}

func (f *follower) read(t target) error {
	q := live.LogQuery{Service: t.service, Program: t.program, Last: firstLines, Follow: true, Warn: f.say}
	return live.Logs(f.ctx, q, func(l live.LogLine) error {
		f.add(prefix(t, l.Program), l.Text)
		return f.ctx.Err()
	})
}

// prefix is what stands before a line: its program's name, where several are shown.
func prefix(t target, program string) string {
	if t.program != "" {
		return ""
	}
	return program
}

func (d *doerOf) incidents(service string) tea.Msg {
	h, err := live.Incidents(d.ctx, service)
	return incidentsMsg{service, h, err}
}
