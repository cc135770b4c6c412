package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// Handler is a slog.Handler for services. It writes lines to a file or stdout, and warnings and above to the Event Log
// or the journal with a stable event id (see [EventID]).
//
// Handle never waits for an output. Records are formatted in the caller's goroutine and put into a queue bounded in bytes;
// one goroutine writes the lines, another one the system's log, so that neither waits for the other. While an output
// stands still (a pipe that nobody reads, a full or hung disk, a journal that doesn't answer) its queue fills: records
// below Warn are refused when it is half full, warnings at three quarters, errors when it is full. What was refused is
// counted (see [Handler.Dropped]) and logged, as "dropped 1234 records", as soon as the output takes something
// again. A failed write is tried again after 0.1 s, then ever less often, up to every 5 s; a line that was cut off by a
// full disk is continued, not begun anew.
//
// A file may be renamed or removed at any time, by logrotate or by hand: before each write the handler checks whether the
// path still names the file it has open, and otherwise opens the path again. No signal is needed, and copytruncate works
// too. Where the path can't be opened, it keeps writing to the file it has.
//
// Under systemd, where stdout is connected to the journal already ($JOURNAL_STREAM), all records go there by the native
// protocol, and nothing goes to stdout: no record appears twice. Their attributes are fields there, and stand behind the message too, as
// key=value, because journalctl shows nothing but that. A Windows service has no
// stdout: set File, or there is the Event Log alone.
//
// Close it at the end; what waits in memory is lost with the process otherwise.
type Handler struct {
	level   slog.Leveler
	lines   slog.Handler // nil: no file and no stdout
	system  *flatHandler // nil: no journal, no Event Log
	outputs *outputs     // shared by all that With derives
}

// outputs are the writers that all handlers derived from one share: either may be nil.
type outputs struct {
	lines, system *writer
}

// NewHandler opens the outputs that o asks for and starts their goroutines. The error names the file that can't be
// opened. A missing journal is no error. Nor is an event source that isn't registered: one line on stderr says so, and the records
// go to the file or stdout alone.
func NewHandler(o Options) (*Handler, error) {
	o = o.withDefaults()
	lines, err := o.openLines()
	if err != nil {
		return nil, err
	}
	h := &Handler{level: o.Level, outputs: &outputs{}}
	system := o.openSystem(lines)
	if system != nil && lines.journal { // the journal gets every record natively: not a second time by stdout
		_ = lines.sink.close()
		lines.sink = nil
		o.SystemLevel = o.Level
	}
	if lines.sink != nil {
		o.startLines(h, lines)
	}
	if system != nil {
		q := newQueue(o.QueueBytes)
		h.system = &flatHandler{queue: q, level: o.SystemLevel, replace: o.ReplaceAttr, source: o.AddSource, encode: system.encode}
		h.outputs.system = newWriter(q, system.sink, h.system.notice)
	}
	return h, nil
}

func (o Options) startLines(h *Handler, out lineOutput) {
	q := newQueue(o.QueueBytes)
	var notice func(*batch, slog.Record)
	if o.Format == FormatText || o.Format == FormatAuto && out.terminal {
		flat := &flatHandler{queue: q, replace: o.ReplaceAttr, source: o.AddSource, encode: textEncoder(out.colours)}
		h.lines, notice = flat, flat.notice
	} else {
		options := &slog.HandlerOptions{Level: o.Level, AddSource: o.AddSource, ReplaceAttr: o.ReplaceAttr}
		h.lines = slog.NewJSONHandler(q, options)
		notice = func(b *batch, r slog.Record) {
			_ = slog.NewJSONHandler(b, options).Handle(context.Background(), r)
		}
	}
	h.outputs.lines = newWriter(q, out.sink, notice)
}

// Enabled reports whether records of this level are logged.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle queues r for its outputs and returns at once. It gives no error: what an output can't take is counted.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if h.lines != nil && h.outputs.lines.queue.admits(r.Level) {
		_ = h.lines.Handle(ctx, r)
	}
	if h.system != nil && r.Level >= h.system.level.Level() && h.outputs.system.queue.admits(r.Level) {
		_ = h.system.Handle(ctx, r)
	}
	return nil
}

// WithAttrs returns a handler that adds attrs to each record. It shares queues and goroutines with h.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	if h.lines != nil {
		derived.lines = h.lines.WithAttrs(attrs)
	}
	if h.system != nil {
		derived.system = h.system.withAttrs(attrs)
	}
	return &derived
}

// WithGroup returns a handler that puts what follows into a group. It shares queues and goroutines with h.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	if h.lines != nil {
		derived.lines = h.lines.WithGroup(name)
	}
	if h.system != nil {
		derived.system = h.system.withGroup(name)
	}
	return &derived
}

// Flush waits until all records logged before the call were written, or ctx is done. The error says how many weren't, and
// the last error of the output. Nothing is synced to disk: what was written survives the process, not a power cut.
func (h *Handler) Flush(ctx context.Context) error {
	var errs []error
	for _, w := range h.outputs.all() {
		errs = append(errs, w.flush(ctx))
	}
	return errors.Join(errs...)
}

// Close writes what waits, within ctx, and ends the goroutines; later records are counted as dropped. An output that fails
// gets one more try. An output that blocks is left behind at the end of ctx, with its goroutine, which ends when the system call
// returns. The error says how many records were lost. To close twice is the same as once.
func (h *Handler) Close(ctx context.Context) error {
	for _, w := range h.outputs.all() { // both end at the same time
		w.queue.close()
	}
	var errs []error
	for _, w := range h.outputs.all() {
		errs = append(errs, w.wait(ctx))
	}
	return errors.Join(errs...)
}

// Dropped is the number of records that an output refused since the start because its queue was full or the handler
// closed, or that were lost at Close; a record that both outputs refused counts twice.
func (h *Handler) Dropped() uint64 {
	var n uint64
	for _, w := range h.outputs.all() {
		n += w.queue.droppedEver()
	}
	return n
}

func (o *outputs) all() []*writer {
	var all []*writer
	for _, w := range []*writer{o.lines, o.system} {
		if w != nil {
			all = append(all, w)
		}
	}
	return all
}

// dropNotice is the record that gives the number of dropped records.
func dropNotice(n uint64) slog.Record {
	r := newRecord(slog.LevelWarn, fmt.Sprintf("dropped %d records: the log's queue had no room", n))
	r.AddAttrs(slog.Uint64("dropped", n), EventID(eventDropped))
	return r
}
