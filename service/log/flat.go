package log

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"
)

// flatHandler is a slog.Handler for outputs without nesting: text, the journal, the Event Log. A group becomes a prefix, "request.method".
type flatHandler struct {
	queue   *queue
	level   slog.Leveler // read by Handler
	replace func([]string, slog.Attr) slog.Attr
	source  bool
	encode  func(dst []byte, r *flatRecord) []byte

	groups []string
	prefix string // the groups, with a dot behind each
	fields []flatField
	event  int
}

// flatField is an attribute whose value is resolved and no group.
type flatField struct {
	key   string
	value slog.Value
}

// flatRecord is what an encoder gets.
type flatRecord struct {
	time    slog.Value // the zero value: none
	level   slog.Level
	label   string // the level as ReplaceAttr wants it; "" where it was taken out
	message string
	source  *slog.Source // nil: none
	event   int          // as EventID gave it, 0: none
	fields  []flatField
}

// eventID is the record's event id, by its level where it has none.
func (r *flatRecord) eventID() int {
	if r.event != 0 {
		return r.event
	}
	return defaultEvent(r.level)
}

// Enabled is never called: Handler decides.
func (h *flatHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle formats r and queues it.
func (h *flatHandler) Handle(_ context.Context, r slog.Record) error {
	flat := h.flatten(r)
	h.queue.put(h.encode(nil, flat), r.Level, flat.eventID())
	return nil
}

// notice formats a record of the log's own into b.
func (h *flatHandler) notice(b *batch, r slog.Record) {
	bare := &flatHandler{replace: h.replace, source: h.source}
	flat := bare.flatten(r)
	b.add(h.encode(nil, flat), r.Level, flat.eventID())
}

// WithAttrs resolves attrs once, as slog's own handlers do.
func (h *flatHandler) WithAttrs(attrs []slog.Attr) slog.Handler { return h.withAttrs(attrs) }

// WithGroup extends the prefix.
func (h *flatHandler) WithGroup(name string) slog.Handler { return h.withGroup(name) }

func (h *flatHandler) withAttrs(attrs []slog.Attr) *flatHandler {
	derived := *h
	derived.fields = slices.Clip(h.fields) // siblings must not write into each other's
	for _, a := range attrs {
		derived.add(&derived.fields, &derived.event, h.groups, h.prefix, a)
	}
	return &derived
}

func (h *flatHandler) withGroup(name string) *flatHandler {
	derived := *h
	derived.groups = append(slices.Clip(h.groups), name)
	derived.prefix = h.prefix + name + "."
	return &derived
}

func (h *flatHandler) flatten(r slog.Record) *flatRecord {
	flat := &flatRecord{level: r.Level, event: h.event}
	if !r.Time.IsZero() {
		flat.time = h.builtin(slog.Time(slog.TimeKey, r.Time.Round(0)))
	}
	if level := h.builtin(slog.Any(slog.LevelKey, r.Level)); !level.Equal(slog.Value{}) {
		flat.label = level.String()
	}
	if message := h.builtin(slog.String(slog.MessageKey, r.Message)); !message.Equal(slog.Value{}) {
		flat.message = message.String()
	}
	if h.source && r.PC != 0 {
		frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
		source := &slog.Source{Function: frame.Function, File: frame.File, Line: frame.Line}
		flat.source, _ = h.builtin(slog.Any(slog.SourceKey, source)).Any().(*slog.Source)
	}
	flat.fields = make([]flatField, len(h.fields), len(h.fields)+r.NumAttrs())
	copy(flat.fields, h.fields)
	r.Attrs(func(a slog.Attr) bool {
		h.add(&flat.fields, &flat.event, h.groups, h.prefix, a)
		return true
	})
	return flat
}

// builtin passes time, level, message and source through ReplaceAttr, which sees them without groups.
func (h *flatHandler) builtin(a slog.Attr) slog.Value {
	if h.replace == nil {
		return a.Value
	}
	a = h.replace(nil, a)
	if a.Key == "" {
		return slog.Value{}
	}
	return a.Value.Resolve()
}

// add appends a to fields under the rules of slog.Handler: values are resolved, an empty attribute is left out, a group without
// a name is dissolved.
func (h *flatHandler) add(fields *[]flatField, event *int, groups []string, prefix string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	if h.replace != nil && a.Value.Kind() != slog.KindGroup {
		a = h.replace(groups, a)
		a.Value = a.Value.Resolve()
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups = append(slices.Clip(groups), a.Key)
			prefix += a.Key + "."
		}
		for _, member := range a.Value.Group() {
			h.add(fields, event, groups, prefix, member)
		}
		return
	}
	if id := eventOf(a.Value); id != 0 {
		*event = id
	}
	*fields = append(*fields, flatField{key: prefix + a.Key, value: a.Value})
}

// flatText is a value as text. Times have the form of RFC 3339, as in the JSON lines.
func flatText(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339Nano)
	}
	if err, ok := v.Any().(error); ok && v.Kind() == slog.KindAny {
		return flatSafely(err.Error)
	}
	if v.Kind() == slog.KindAny && !formattable(v.Any()) {
		return "!ERROR: the value contains itself, or too much"
	}
	return flatSafely(v.String)
}

// flatSafely gives f's text; a nil pointer with an Error or String method must not end the service that logs it.
func flatSafely(f func() string) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = "!PANIC in the value's own text"
		}
	}()
	return f()
}

// isWord reports whether text needs no quotes in a line.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '=' || r == '"' || !textPrintable(r) })
}
