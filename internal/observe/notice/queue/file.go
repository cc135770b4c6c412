package queue

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// read takes in the file.
func (q *Queue) read(data []byte) {
	for text := range bytes.Lines(data) {
		var l line
		if json.Unmarshal(text, &l) == nil {
			q.apply(&l)
		}
	}
	q.shrink()
}

// write appends a line, or writes the file anew where it has to be.
func (q *Queue) write(l *line) {
	if q.file == nil || q.size > q.limit {
		q.renew()
		return
	}
	text, err := json.Marshal(l)
	if err == nil {
		text = append(text, '\n')
		if _, err = q.file.Write(text); err == nil {
			err = q.file.Sync()
		}
	}
	if err != nil {
		q.renew() // a part of the line may be there: the file is written as a whole
		return
	}
	q.size += int64(len(text))
}

// renew writes the file anew, and says where that begins to fail and where it is over.
func (q *Queue) renew() {
	err := q.rewrite()
	if (err != nil) != q.failed {
		q.failed = err != nil
		q.say(err)
	}
}

// rewrite replaces the file by what is in memory.
func (q *Queue) rewrite() error {
	if q.file != nil {
		_ = q.file.Close()
		q.file = nil
	}
	err := safefile.ReplaceFunc(q.path, 0o600, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, l := range q.lines() {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}, safefile.Private)
	if err != nil {
		return err
	}
	f, err := safefile.OpenFile(q.path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		_ = f.Close()
		return err
	}
	q.file, q.size, q.limit = f, size, max(maxFile, 2*size)
	return nil
}

// lines are those of a file that says what is in memory.
func (q *Queue) lines() []line {
	var lines []line
	for _, service := range slices.Sorted(maps.Keys(q.states)) {
		lines = append(lines, line{Service: service, State: q.states[service]})
	}
	for _, w := range q.waiting {
		lines = append(lines, line{Put: []waiting{*w}})
	}
	for _, channel := range slices.Sorted(maps.Keys(q.sent)) {
		for _, at := range q.sent[channel] {
			if time.Since(at).Abs() <= time.Minute {
				lines = append(lines, line{Channel: channel, Done: []string{""}, At: at})
			}
		}
	}
	return lines
}

// shrink makes one of the oldest half of what waits where it is too much. None is lost: they are counted.
func (q *Queue) shrink() {
	if len(q.waiting) <= maxPending {
		return
	}
	sum := waiting{Notice: notice.Notice{Kind: notice.Summary, Of: map[string]int{}}}
	old := q.waiting[:maxPending/2]
	for _, w := range old {
		sum.Notice.Add(&w.Notice)
		for _, c := range w.To {
			if !slices.Contains(sum.To, c) {
				sum.To = append(sum.To, c)
			}
		}
	}
	q.waiting = append([]*waiting{&sum}, q.waiting[maxPending/2:]...)
	q.renew()
}
