// Package queue keeps on disk what is to be told and to whom, together with what is remembered of each service.
//
// It is one file, a journal of JSON lines that is written anew when it has grown. A notice and the state of its service, in which it counts
// as told, are one line: after kill -9 or a power cut both are there or neither is, so that no notice is lost and none is made twice. That a
// channel has taken a message is a line, too, written when the channel has answered. A kill between the answer and the line has that one
// message sent again.
//
// Where the disk is full or fails, everything is kept in memory and sent all the same; the file is written as a whole when that is possible
// again.
package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	// FileName is the journal's name in its folder.
	FileName = "notices.jsonl"
	// maxPending bounds the notices that wait. Of more, the oldest half becomes one that counts them.
	maxPending = 1000
	// maxFile is the size in bytes from which the file is written anew.
	maxFile = 1 << 20
	// maxRead bounds a file that is read: what waits is 1,000 notices of some kilobytes.
	maxRead = 64 << 20
)

// Queue is safe for use by several goroutines.
type Queue struct {
	path string
	say  func(error) // an error when the file can't be written, nil when it can be again

	mu      sync.Mutex
	file    *os.File // nil: it has to be written anew
	size    int64
	limit   int64 // at which size it is written anew
	failed  bool
	states  map[string]json.RawMessage // by service
	waiting []*waiting                 // oldest first
	sent    map[string][]time.Time     // by channel: messages of the last minute
	changed chan struct{}              // closed when something is put
}

// waiting is a notice that isn't with all its channels.
type waiting struct {
	Notice notice.Notice `json:"notice"`
	To     []string      `json:"to"`
}

// line is one line of the file.
type line struct {
	Service string          `json:"service,omitempty"`
	State   json.RawMessage `json:"state,omitempty"`
	Put     []waiting       `json:"put,omitempty"`

	Channel string    `json:"channel,omitempty"` // has taken these at that time
	Done    []string  `json:"done,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Open reads the queue in folder, which must exist. say is called with an error when the file can't be written any more, and with nil when
// it can be again; lines that can't be read are passed over, because a torn last line is what a kill leaves.
func Open(folder string, say func(error)) (*Queue, error) {
	q := &Queue{path: filepath.Join(folder, FileName), say: say, states: map[string]json.RawMessage{}, sent: map[string][]time.Time{},
		changed: make(chan struct{})}
	data, err := safefile.ReadFile(q.path, maxRead)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the notices that wait: %w (move the file away to begin anew)", err)
	}
	q.read(data)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.rewrite(); err != nil {
		return nil, fmt.Errorf("writing the notices that wait: %w", err)
	}
	return q, nil
}

// Close closes the file. Everything is on disk already.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.file == nil {
		return nil
	}
	return q.file.Close()
}

// State gives what was put last for the service; nil: nothing.
func (q *Queue) State(service string) json.RawMessage {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.states[service]
}

// Put stores the notices, each for the channels that to names, and the service's state, as one. service "" has none.
func (q *Queue) Put(service string, state json.RawMessage, notices []notice.Notice, to func(*notice.Notice) []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := line{Service: service, State: state}
	for k := range notices {
		if channels := to(&notices[k]); len(channels) > 0 {
			l.Put = append(l.Put, waiting{notices[k], channels})
		}
	}
	q.apply(&l)
	q.write(&l)
	if len(l.Put) > 0 {
		q.shrink()
		close(q.changed)
		q.changed = make(chan struct{})
	}
}

// Pending gives what waits for the channel, oldest first, and a channel that is closed when there is more. What nobody needs any more
// (the beginning, where the end waits, too) isn't in it.
func (q *Queue) Pending(channel string) ([]notice.Notice, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []notice.Notice
	for _, w := range q.waiting {
		if slices.Contains(w.To, channel) {
			list = append(list, w.Notice)
		}
	}
	return list, q.changed
}

// Done notes that the channel has taken these notices in one message, or that they aren't to be sent to it.
func (q *Queue) Done(channel string, at time.Time, ids ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := line{Channel: channel, Done: ids, At: at.Round(0)}
	q.apply(&l)
	q.write(&l)
}

// Sent gives when messages were sent to the channel in the minute before now: chats count them, whichever process sent them.
func (q *Queue) Sent(channel string, now time.Time) []time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent[channel] = slices.DeleteFunc(q.sent[channel], func(t time.Time) bool { return now.Sub(t).Abs() > time.Minute })
	return slices.Clone(q.sent[channel])
}

// Keep drops what waits for channels that aren't among these any more, and gives how many notices that were.
func (q *Queue) Keep(channels []string) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.waiting {
		before := len(w.To)
		w.To = slices.DeleteFunc(w.To, func(c string) bool { return !slices.Contains(channels, c) })
		dropped += before - len(w.To)
	}
	if dropped > 0 {
		q.clear()
		q.renew()
	}
	return dropped
}

// apply takes in a line.
func (q *Queue) apply(l *line) {
	if l.Service != "" && l.State != nil {
		q.states[l.Service] = l.State
	}
	for k := range l.Put {
		w := l.Put[k]
		w.To = slices.Clone(w.To)
		for _, old := range q.waiting {
			if w.Notice.Replaces(&old.Notice) {
				old.To = slices.DeleteFunc(old.To, func(c string) bool { return slices.Contains(w.To, c) })
			}
		}
		q.waiting = append(q.waiting, &w)
	}
	if len(l.Done) > 0 {
		q.sent[l.Channel] = append(q.sent[l.Channel], l.At)
		for _, w := range q.waiting {
			if slices.Contains(l.Done, w.Notice.ID) {
				w.To = slices.DeleteFunc(w.To, func(c string) bool { return c == l.Channel })
			}
		}
	}
	q.clear()
}

func (q *Queue) clear() {
	q.waiting = slices.DeleteFunc(q.waiting, func(w *waiting) bool { return len(w.To) == 0 })
}
