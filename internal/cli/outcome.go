package cli

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// outcome says in words what an order did to a program.
func outcome(verb control.Verb, r control.ProgramResult) string {
	if !r.Done {
		text := fmt.Sprintf("not %s; it is %s", done(verb), stateWords(r.State))
		if r.Message != "" {
			text += ": " + plaintext.Line(r.Message)
		}
		return text
	}
	var text string
	switch verb {
	case control.VerbStop:
		text = ended(r, " after "+screen.Seconds(r.TookMs))
	case control.VerbRestart:
		text = running(r)
		if r.EndedBy != "" && r.EndedBy != control.EndedAlreadyStopped {
			text += "; the old run was " + ended(r, "")
		}
	case control.VerbStart:
		text = running(r)
	case control.VerbControl:
		text = "done after " + screen.Seconds(r.TookMs)
	default:
		text = done(verb)
	}
	if r.Message != "" {
		text += " (" + plaintext.Line(r.Message) + ")"
	}
	return text
}

// stateWords puts a state into a sentence.
func stateWords(s control.State) string {
	if s == control.StateBackoff {
		return "in backoff"
	}
	return string(s)
}

// done is the participle of an order.
func done(verb control.Verb) string {
	switch verb {
	case control.VerbStop:
		return "stopped"
	case control.VerbPause:
		return "paused"
	case control.VerbControl:
		return "done"
	}
	return strings.TrimSuffix(string(verb), "e") + "ed" // started, restarted, resumed
}

func running(r control.ProgramResult) string {
	text := string(r.State)
	if r.PID != 0 {
		text += fmt.Sprintf(", pid %d", r.PID)
	}
	return text + ", after " + screen.Seconds(r.TookMs)
}

// ended says which step of a stop ended the run, and how.
func ended(r control.ProgramResult, after string) string {
	how := ""
	if r.ExitCode != nil {
		how = ", " + definition.ExitCodeText(*r.ExitCode)
	}
	switch r.EndedBy {
	case control.EndedAlreadyStopped:
		return "already stopped"
	case control.EndedPreStop:
		return "stopped by its preStop hook" + after + how
	case control.EndedKill:
		return "ended by force" + after + ", when its grace period was over"
	case control.EndedUnasked:
		return "ended by force" + after + ", at once" // the answer's message says why
	case control.EndedExited:
		return "gone by itself" + after + how
	case control.EndedSignal:
		signal := r.Signal
		if signal == "" {
			signal = "its stop signal"
		}
		return "stopped by " + signal + after + how
	}
	return "stopped" + after + how
}
