package service

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// StepOutcome is how a step of a [Closer] ended.
type StepOutcome uint8

// The outcomes.
const (
	StepDone       StepOutcome = iota
	StepFailed                 // returned an error
	StepTimedOut               // returned because its context was over
	StepLeftBehind             // hadn't returned when its context was over, and runs on
	StepPanicked               // the error has the stack
	StepTooLate                // was added after its phase had begun, and not run
)

var stepOutcomes = [...]string{StepDone: "done", StepFailed: "failed", StepTimedOut: "timed out", StepLeftBehind: "left behind",
	StepPanicked: "panicked", StepTooLate: "too late"}

// String gives the outcome's name.
func (o StepOutcome) String() string {
	if int(o) >= len(stepOutcomes) {
		return fmt.Sprintf("outcome %d", uint8(o))
	}
	return stepOutcomes[o]
}

// MarshalText gives the outcome's name, so that it stands in JSON, a log's too.
func (o StepOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// StepReport is one step of a [CloseReport].
type StepReport struct {
	Phase   ClosePhase
	Name    string
	Took    time.Duration // until it returned or was left behind
	Outcome StepOutcome
	Err     error // nil for StepDone
}

// CloseReport is what a [Closer] did, by phases.
type CloseReport struct {
	Took  time.Duration
	Steps []StepReport
}

// String is a small table:
//
//	PHASE           STEP      TOOK   OUTCOME
//	stop accepting  listener  0s     done
//	drain           http      20s    timed out: not finished within 20s: context deadline exceeded
//	all                       20.1s
func (r CloseReport) String() string {
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
func (r CloseReport) LogValue() slog.Value {
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
func (r CloseReport) MarshalJSON() ([]byte, error) {
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
