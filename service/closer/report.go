package closer

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Outcome is how a step of a [Closer] ended.
type Outcome uint8

// The outcomes.
const (
	OutcomeDone       Outcome = iota
	OutcomeFailed             // returned an error
	OutcomeTimedOut           // returned because its context was over
	OutcomeLeftBehind         // hadn't returned when its context was over, and runs on
	OutcomePanicked           // the error has the stack
	OutcomeTooLate            // was added after its phase had begun, and not run
)

var outcomes = [...]string{OutcomeDone: "done", OutcomeFailed: "failed", OutcomeTimedOut: "timed out", OutcomeLeftBehind: "left behind",
	OutcomePanicked: "panicked", OutcomeTooLate: "too late"}

// String gives the outcome's name.
func (o Outcome) String() string {
	if int(o) >= len(outcomes) {
		return fmt.Sprintf("outcome %d", uint8(o))
	}
	return outcomes[o]
}

// MarshalText gives the outcome's name, so that it stands in JSON, a log's too.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Step is one step of a [Report].
type Step struct {
	Phase   Phase
	Name    string
	Took    time.Duration // until it returned or was left behind
	Outcome Outcome
	Err     error // nil for OutcomeDone
}

// Report is what a [Closer] did, by phases.
type Report struct {
	Took  time.Duration
	Steps []Step
}

// String is a small table:
//
//	PHASE           STEP      TOOK   OUTCOME
//	stop accepting  listener  0s     done
//	drain           http      20s    timed out: not finished within 20s: context deadline exceeded
//	all                       20.1s
func (r Report) String() string {
	rows := [][]string{{"PHASE", "STEP", "TOOK", "OUTCOME"}}
	for _, s := range r.Steps {
		outcome := s.Outcome.String()
		if s.Err != nil {
			first, _, _ := strings.Cut(s.Err.Error(), "\n") // not the stack
			outcome += ": " + first
		}
		rows = append(rows, []string{s.Phase.String(), s.Name, roundedTime(s.Took), outcome})
	}
	rows = append(rows, []string{"all", "", roundedTime(r.Took), ""})
	var widths [3]int
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], widths[2], row[2], row[3])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// roundedTime keeps what a reader can use: milliseconds, microseconds below one.
func roundedTime(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

// LogValue makes attributes of the report: took, as text ("20.1s"), and one group per step, named phase/step.
func (r Report) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("took", roundedTime(r.Took))}
	for _, s := range r.Steps {
		step := []slog.Attr{slog.String("took", roundedTime(s.Took)), slog.String("outcome", s.Outcome.String())}
		if s.Err != nil {
			step = append(step, slog.String("error", s.Err.Error()))
		}
		attrs = append(attrs, slog.Attr{Key: strings.ReplaceAll(s.Phase.String(), " ", "-") + "/" + s.Name, Value: slog.GroupValue(step...)})
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON gives times in seconds:
//
//	{"tookSeconds":20.1,"steps":[{"phase":"drain","step":"http","tookSeconds":20,"outcome":"timed out","error":"…"}]}
func (r Report) MarshalJSON() ([]byte, error) {
	type step struct {
		Phase   string  `json:"phase"`
		Step    string  `json:"step"`
		Took    float64 `json:"tookSeconds"`
		Outcome string  `json:"outcome"`
		Error   string  `json:"error,omitempty"`
	}
	steps := make([]step, len(r.Steps))
	for i, s := range r.Steps {
		steps[i] = step{Phase: s.Phase.String(), Step: s.Name, Took: s.Took.Seconds(), Outcome: s.Outcome.String()}
		if s.Err != nil {
			steps[i].Error = s.Err.Error()
		}
	}
	return json.Marshal(struct {
		Took  float64 `json:"tookSeconds"`
		Steps []step  `json:"steps"`
	}{r.Took.Seconds(), steps})
}
