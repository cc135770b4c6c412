package web

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/live"
)

const (
	lastLines   = 200     // lines of each program that are shown of those that are there
	searchLines = 100_000 // lines of each program that are searched
	maxShown    = 500     // lines that match, the newest
	maxLine     = 4096    // bytes of a line
	maxSearch   = 200     // bytes of what is searched for
	searchTime  = 5 * time.Second
)

// logQuery is what the page of logs was asked for.
type logQuery struct {
	service, program string
	search           []byte // in lower case; empty: every line
}

// logLine is a line as a page shows it.
type logLine struct {
	Program string `json:"p,omitempty"`
	Time    string `json:"t,omitempty"`
	Text    string `json:"x"`
}

// logsView is the page of logs.
type logsView struct {
	Service, Program, Search string
	Programs                 []string
	Lines                    []logLine
	Note                     string
	Searched                 int
}

func (d *Dashboard) logQuery(r *request) (logQuery, *live.Seen, error) {
	seen, _, err := d.named(r)
	if err != nil {
		return logQuery{}, nil, err
	}
	q := logQuery{service: seen.Service, program: r.URL.Query().Get("program")}
	if q.program != "" && !has(&seen, q.program) {
		return q, nil, &problem{status: http.StatusNotFound, text: "The service has no program of this name."}
	}
	search := r.URL.Query().Get("q")
	if len(search) > maxSearch {
		return q, nil, &problem{status: http.StatusBadRequest, text: "What is searched for is too long."}
	}
	q.search = bytes.ToLower([]byte(search))
	return q, &seen, nil
}

// logs is the page of a service's logs, or of one program's.
func (d *Dashboard) logs(r *request) (*reply, error) {
	q, seen, err := d.logQuery(r)
	if err != nil {
		return nil, err
	}
	v := logsView{Service: q.service, Program: q.program, Search: visible(r.URL.Query().Get("q"))}
	for i := range seen.Status.Programs {
		v.Programs = append(v.Programs, visible(seen.Status.Programs[i].Name))
	}
	if len(q.search) > 0 {
		v.Searched = searchLines
	}
	t := newTail()
	ctx, end := context.WithTimeout(r.Context(), searchTime)
	defer end()
	if err := d.read(ctx, q, false, t); err != nil {
		return nil, err
	}
	v.Lines, v.Note, _ = t.take()
	if ctx.Err() != nil {
		v.Note = d.text(r.lang, "There are too many logs to be searched in %v: name a program.", searchTime)
	}
	stream := pathOf("services", q.service, "logs", "stream") + "?" + r.URL.Query().Encode()
	return &reply{template: "logs.html", title: d.text(r.lang, "Logs of %s", q.service), stream: stream, data: v}, nil
}

// read reads lines into the tail until there are no more, or, following, ctx ends.
func (d *Dashboard) read(ctx context.Context, q logQuery, follow bool, t *tail) error {
	select {
	case d.reading <- struct{}{}:
		defer func() { <-d.reading }()
	default:
		return &problem{status: http.StatusServiceUnavailable, text: "Too many logs are being read. Close a page of logs, or try again."}
	}
	from := live.LogQuery{Service: q.service, Program: q.program, Last: lastLines, Follow: follow, Warn: t.warn}
	if len(q.search) > 0 {
		from.Last = searchLines
	}
	err := live.Logs(ctx, from, func(l live.LogLine) error {
		if len(q.search) > 0 && !bytes.Contains(bytes.ToLower(l.Text), q.search) {
			return ctx.Err()
		}
		line := logLine{Text: logText(l.Text)}
		if q.program == "" {
			line.Program = visible(l.Program)
		}
		if !l.Time.IsZero() {
			line.Time = l.Time.Local().Format("15:04:05.000")
		}
		t.add(line)
		return ctx.Err()
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// tail keeps the newest lines for a page: whoever shows them may be slower than who writes them.
type tail struct {
	news chan struct{} // of capacity 1

	mu    sync.Mutex
	lines []logLine
	note  string
	lost  int
}

func newTail() *tail { return &tail{news: make(chan struct{}, 1)} }

func (t *tail) add(l logLine) {
	t.change(func() {
		if len(t.lines) >= 2*maxShown {
			t.lost += len(t.lines) - maxShown
			t.lines = append(t.lines[:0], t.lines[len(t.lines)-maxShown:]...)
		}
		t.lines = append(t.lines, l)
	})
}

func (t *tail) warn(text string) { t.change(func() { t.note = visible(text) }) }

func (t *tail) change(what func()) {
	t.mu.Lock()
	what()
	t.mu.Unlock()
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// take gives the lines that came since the last time, the newest at most, and how many others there were.
func (t *tail) take() (lines []logLine, note string, lost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines, note, lost = t.lines, t.note, t.lost
	if over := len(lines) - maxShown; over > 0 {
		lines, lost = lines[over:], lost+over
	}
	t.lines, t.note, t.lost = nil, "", 0
	return lines, note, lost
}

// newLines is one event of a stream of logs.
type newLines struct {
	Reset bool      `json:"reset,omitempty"` // the first: what the page has is in it, too
	Lines []logLine `json:"lines"`
	Note  string    `json:"note,omitempty"`
}

// logLines sends the lines that the page shows, and those that come.
func (d *Dashboard) logLines(r *request) (feed, error) {
	q, _, err := d.logQuery(r)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, out *sink) error {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		t := newTail()
		var reading sync.WaitGroup
		defer reading.Wait()
		defer end(nil)
		reading.Go(func() {
			if err := d.read(ctx, q, true, t); err != nil {
				t.warn(d.text(r.lang, err.Error()))
			}
		})
		if err := out.write([]byte("retry: 2000\n\n")); err != nil {
			return err
		}
		for first := true; ; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(heartbeat):
				if err := out.write([]byte(": nothing came\n\n")); err != nil {
					return err
				}
				continue
			case <-t.news:
			}
			select { // what comes in a burst comes together
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
			lines, note, lost := t.take()
			if lost > 0 && !first {
				note = d.text(r.lang, "%d lines came too fast to be shown; daruma logs has them.", lost)
			}
			if len(lines) == 0 && note == "" {
				continue
			}
			if err := out.send("lines", newLines{first, lines, note}); err != nil {
				return err
			}
			first = false
		}
	}, nil
}
