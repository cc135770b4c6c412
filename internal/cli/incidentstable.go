package cli

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/incident"
)

// whenLayout is how moments are shown, in local time.
const whenLayout = "2006-01-02 15:04:05"

// aliveWithin is how old the last sign of life may be before it is mentioned: daruma gives one twice a minute.
const aliveWithin = 2 * time.Minute

// printRecords prints the records, or says in a line that there is nothing to print.
func printRecords(std IO, records []serviceRecord, q incidentsQuery, output format, failed bool) error {
	if output == formatJSON {
		return writeJSON(std.Out, records)
	}
	s := screen.Of(std.Out)
	var b strings.Builder
	for n, r := range records {
		if n > 0 {
			b.WriteString("\n")
		}
		b.WriteString(recordText(s, r, q, len(records) > 1))
	}
	if len(records) == 0 && !failed {
		b.WriteString("No service has run here yet, so nothing has fallen.\n")
	}
	_, err := fmt.Fprint(std.Out, b.String())
	return err
}

func recordText(s screen.Screen, r serviceRecord, q incidentsQuery, named bool) string {
	var b strings.Builder
	if len(r.Incidents)+r.earlier == 0 {
		b.WriteString(noIncidents(r, q))
	} else {
		if named {
			fmt.Fprintln(&b, s.Paint(screen.Bold, r.Service))
		}
		b.WriteString(incidentsTable(s, r))
		if r.earlier > 0 {
			fmt.Fprintf(&b, "(%d earlier: -n %d shows them)\n", r.earlier, len(r.Incidents)+r.earlier)
		}
		b.WriteString(summaries(s, r, q))
	}
	if !r.Observed.IsZero() && time.Since(r.Observed) > aliveWithin {
		fmt.Fprintf(&b, "(%s: daruma was last known to run on %s)\n", r.Service, r.Observed.Local().Format(whenLayout))
	}
	if r.Lost > 0 {
		fmt.Fprintln(&b, s.Paint(screen.Yellow, fmt.Sprintf("%s: the disk refused to take %s of the record", r.Service, lines(r.Lost))))
	}
	if r.Broken > 0 {
		fmt.Fprintln(&b, s.Paint(screen.Yellow, fmt.Sprintf("%s: %s of the record can't be read and were passed over", r.Service, lines(r.Broken))))
	}
	return b.String()
}

// noIncidents is what is printed where nothing fell.
func noIncidents(r serviceRecord, q incidentsQuery) string {
	what := r.Service
	if q.program != "" {
		what += "/" + q.program
	}
	switch {
	case r.Since.IsZero():
		return fmt.Sprintf("Nothing is recorded about %s yet.\n", what)
	case q.limited && r.Window.Since.After(r.Since):
		return fmt.Sprintf("Nothing of %s has fallen since %s.\n", what, r.Window.Since.Local().Format(whenLayout))
	}
	return fmt.Sprintf("Nothing of %s has fallen since its record begins, on %s.\n", what, r.Since.Local().Format(whenLayout))
}

func incidentsTable(s screen.Screen, r serviceRecord) string {
	rows := [][]screen.Cell{screen.Headings("WHEN", "PROGRAM", "STOOD AGAIN AFTER", "OUTCOME", "WHAT FELL")}
	for _, i := range r.Incidents {
		program := i.Program
		if program == "" {
			program = "(supervisor)"
			if i.Kind != incident.Supervisor {
				program = "(service)"
			}
		}
		state, c := outcomeOf(i)
		rows = append(rows, []screen.Cell{{Text: i.Detected.Local().Format(whenLayout)}, {Text: program}, recoveryCell(r, i), screen.In(c, state), {Text: causeOf(i)}})
	}
	return s.Columns(rows)
}

// outcomeOf is what became of an incident, and the colour for how alarming that is.
func outcomeOf(i incident.Incident) (string, screen.Colour) {
	switch i.Outcome {
	case incident.Recovered:
		return "recovered", screen.Green
	case incident.Ongoing:
		return "down", screen.Red
	case incident.GaveUp:
		if i.Recovered != nil {
			return "gave up, started later", screen.Yellow
		}
		return "gave up", screen.Red
	case incident.Stopped:
		return "stopped", screen.Dim
	case incident.Superseded:
		return "removed", screen.Dim
	}
	return string(i.Outcome), screen.Plain
}

// recoveryCell is how long the recovery took, or for how long it hasn't come.
func recoveryCell(r serviceRecord, i incident.Incident) screen.Cell {
	switch {
	case i.Recovered != nil:
		return screen.Cell{Text: screen.Took(i.RecoveredAfter.Duration())}
	case i.Outcome == incident.Ongoing || i.Outcome == incident.GaveUp && i.DownSince > 0:
		return screen.In(screen.Red, "not yet, "+screen.Took(r.history.DownFor(i))+" down")
	}
	return screen.Cell{Text: "-"}
}

// causeOf is what happened, in a sentence.
func causeOf(i incident.Incident) string {
	text := i.Cause
	if i.Generation > 0 {
		text += fmt.Sprintf(" (run %d)", i.Generation)
	}
	if i.Falls > 1 {
		text += fmt.Sprintf("; fell %s", reason.Times(i.Falls))
		if i.LastCause != "" {
			text += ", at last: " + i.LastCause
		}
	}
	if i.EndReason != "" {
		text += "; " + i.EndReason
	}
	return text
}

func summaries(s screen.Screen, r serviceRecord, q incidentsQuery) string {
	boot, window := r.SinceBoot, r.Window
	last := "in the last " + spanOf(q.since)
	if window.Since.Sub(r.Since) < time.Second {
		last = "since the record begins (" + r.Since.Local().Format(whenLayout) + ")"
	}
	from := "the machine's boot"
	if r.started {
		from = "daruma's first start in this boot"
	}
	sinceBoot := "Since " + from + " (" + boot.Since.Local().Format(whenLayout) + ")"
	if reflect.DeepEqual(boot.Programs, window.Programs) {
		if boot.Since.Sub(r.Since) < time.Second {
			return summaryTable(s, strings.ToUpper(last[:1])+last[1:], boot)
		}
		return summaryTable(s, sinceBoot+" and "+last, boot)
	}
	return summaryTable(s, sinceBoot, boot) + summaryTable(s, strings.ToUpper(last[:1])+last[1:], window)
}

func summaryTable(s screen.Screen, title string, sum summary) string {
	if len(sum.Programs) == 0 {
		return ""
	}
	rows := [][]screen.Cell{screen.Headings("PROGRAM", "AVAILABLE", "INCIDENTS", "MEAN RECOVERY", "WORST", "DOWN", "OF")}
	for _, a := range sum.Programs {
		mean, worst := "-", "-"
		if a.Recovered > 0 {
			mean, worst = screen.Took(a.MeanRecovery.Duration()), screen.Took(a.WorstRecovery.Duration())
		}
		rows = append(rows, []screen.Cell{{Text: a.Program}, available(a), {Text: fmt.Sprint(a.Incidents)}, {Text: mean}, {Text: worst},
			{Text: screen.Took(a.Down.Duration())}, {Text: screen.Took(a.Wanted.Duration())}})
	}
	return "\n" + title + ":\n" + s.Columns(rows)
}

// available never rounds up: 100% is for a program that was never down.
func available(a incident.Availability) screen.Cell {
	switch {
	case a.Wanted == 0:
		return screen.Cell{Text: "-"}
	case a.Down == 0:
		return screen.In(screen.Green, "100%")
	}
	text := fmt.Sprintf("%.3f%%", math.Floor(a.Percent*1000)/1000)
	if a.Percent < 99 {
		return screen.In(screen.Red, text)
	}
	return screen.In(screen.Yellow, text)
}

// spanOf prints a time span that somebody gave: 7 days, 24h0m0s as 24h.
func spanOf(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	text := d.String()
	text = strings.TrimSuffix(text, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(text, "m0s")]
	return strings.TrimSuffix(text, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(text, "h0m")]
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}
