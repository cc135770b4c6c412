package join

import (
	"bytes"
	"regexp"
)

// Languages are those whose stack traces are known.
func Languages() []string { return []string{"go", "java", "python"} }

// Traces is the rule that joins the stack traces of these languages, of [Languages], and leaves all other lines alone. What a program says of an error before
// its trace is a record of its own.
func Traces(languages ...string) Rule {
	var t traces
	for _, name := range languages {
		switch name {
		case "go":
			t = append(t, goTrace())
		case "java":
			t = append(t, javaTrace())
		case "python":
			t = append(t, pythonTrace())
		}
	}
	return t
}

// traces are tried in their order.
type traces []*trace

// trace is a machine: at each place some lines lead on.
type trace struct {
	first  []*step // from before the trace
	places [][]*step
}

// step leads to a place by a line that the pattern matches.
type step struct {
	pattern *regexp.Regexp
	part    []byte // is in each such line, "" in all: to look for it is much faster
	to      int
}

func to(place int, part, pattern string) *step {
	return &step{regexp.MustCompile(pattern), []byte(part), place}
}

func follow(steps []*step, line []byte) (int, bool) {
	for _, s := range steps {
		if bytes.Contains(line, s.part) && s.pattern.Match(line) {
			return s.to, true
		}
	}
	return 0, false
}

func (t traces) begin(line []byte) (state, bool) {
	for kind, one := range t {
		if at, ok := follow(one.first, line); ok {
			return state{kind, at}, true
		}
	}
	return state{}, false
}

func (t traces) goesOn(s state, line []byte) (state, bool) {
	at, ok := follow(t[s.kind].places[s.at], line)
	return state{s.kind, at}, ok
}

// goTrace is what the runtime prints of a panic, a fatal error or a signal, and net/http of a handler's panic.
func goTrace() *trace {
	const head, blank, goroutine = 0, 1, 2
	begun := to(goroutine, "goroutine ", `^goroutine \d+ .*\[.*\]:$`)
	empty := to(blank, "", `^\s*$`)
	return &trace{
		first: []*step{
			to(head, "panic: ", `^panic: `), to(head, "fatal error: ", `^fatal error: `), to(head, "SIG", `^SIG[A-Z]+: `),
			to(head, "panic serving ", `http2?: panic serving `), to(head, "runtime: ", `^runtime: goroutine stack exceeds`), begun,
		},
		places: [][]*step{
			head:      {begun, empty, to(head, "", `^\t|^panic: |^fatal error: |^\[signal |^\[recovered|^PC=|^runtime|^goroutine |^r\w+ +0x|^[a-z]{2} +0x`)},
			blank:     {begun, to(head, "", `^fatal error: |^r\w+ +0x`), to(goroutine, "", `^runtime stack:$`)},
			goroutine: {empty, begun, to(goroutine, "", `^\t|^[^\s(]+(?:\(\*?[^)\s]*\)[^\s(]*)*\(.*\)$|^created by |^\.\.\.`)},
		},
	}
}

// javaTrace is what Throwable.printStackTrace prints.
func javaTrace() *trace {
	const inside = 0
	return &trace{
		first: []*step{
			to(inside, "Exception in thread ", `^Exception in thread "`),
			to(inside, ".", `^(?:[\p{L}_$][\p{L}\p{N}_$]*\.)+[\p{L}_$][\p{L}\p{N}_$]*(?:Exception|Error|Throwable|Interrupt)\b`),
		},
		places: [][]*step{
			inside: {to(inside, "", `^\s+(?:at |eval |\.\.\. \d+|Suppressed: |Caused by: |- locked|\[CIRCULAR REFERENCE)|^Caused by: |^\[CIRCULAR REFERENCE`)},
		},
	}
}

// pythonTrace is what the interpreter and module logging print.
func pythonTrace() *trace {
	const frames, over, blank, cause, beforeNext = 0, 1, 2, 3, 4
	begun := to(frames, "Traceback", `^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):$`)
	return &trace{
		first: []*step{begun},
		places: [][]*step{
			frames:     {to(frames, "", `^\s`), to(over, "", `^\S`)},
			over:       {to(blank, "", `^$`)},
			blank:      {to(cause, "", `^(?:During handling of the above exception|The above exception was the direct cause)`)},
			cause:      {to(beforeNext, "", `^$`), begun},
			beforeNext: {begun},
		},
	}
}
