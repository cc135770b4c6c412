package cli

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// whenLayout is how moments are shown, in local time.
const whenLayout = "2006-01-02 15:04:05"

// aliveWithin is how old the last sign of life may be before it is said: daruma gives one twice a minute.
const aliveWithin = 2 * time.Minute

// printRecords prints the records, or says in a line that there is nothing to print.
func printRecords(std IO, records []serviceRecord, q incidentsQuery, output format, failed bool) error {
	if output == formatJSON {
		return writeJSON(std.Out, records)
	}
	s := screenOf(std.Out)
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

func recordText(s screen, r serviceRecord, q incidentsQuery, named bool) string {
	var b strings.Builder
	if len(r.Incidents)+r.earlier == 0 {
		b.WriteString(noIncidents(r, q))
	} else {
		if named {
			fmt.Fprintln(&b, s.paint(bold, r.Service))
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
		fmt.Fprintln(&b, s.paint(yellow, fmt.Sprintf("%s: the disk refused to take %s of the record", r.Service, lines(r.Lost))))
	}
	if r.Broken > 0 {
		fmt.Fprintln(&b, s.paint(yellow, fmt.Sprintf("%s: %s of the record can't be read and were passed over", r.Service, lines(r.Broken))))
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

func incidentsTable(s screen, r serviceRecord) string {
	rows := [][]cell{{{"WHEN", bold}, {"PROGRAM", bold}, {"STOOD AGAIN AFTER", bold}, {"OUTCOME", bold}, {"WHAT FELL", bold}}}
	for _, i := range r.Incidents {
		program := i.Program
		if program == "" {
			program = "(supervisor)"
			if i.Kind != incident.Supervisor {
				program = "(service)"
			}
		}
		word, c := outcomeOf(i)
		rows = append(rows, []cell{{text: i.Detected.Local().Format(whenLayout)}, {text: program}, recoveryCell(r, i), {word, c}, {text: causeOf(i)}})
	}
	return s.columns(rows)
}

// outcomeOf is the word for how an incident stands, and how alarming that is.
func outcomeOf(i incident.Incident) (string, colour) {
	switch i.Outcome {
	case incident.Recovered:
		return "recovered", green
	case incident.Ongoing:
		return "down", red
	case incident.GaveUp:
		if i.Recovered != nil {
			return "gave up, started later", yellow
		}
		return "gave up", red
	case incident.Stopped:
		return "stopped", dim
	case incident.Superseded:
		return "removed", dim
	}
	return plaintext.Line(string(i.Outcome)), plain
}

// recoveryCell is how long the recovery took, or for how long it hasn't come.
func recoveryCell(r serviceRecord, i incident.Incident) cell {
	switch {
	case i.Recovered != nil:
		return cell{text: took(i.RecoveredAfter.Duration())}
	case i.Outcome == incident.Ongoing || i.Outcome == incident.GaveUp && i.DownSince > 0:
		return cell{"not yet, " + took(r.history.DownFor(i)) + " down", red}
	}
	return cell{text: "-"}
}

// causeOf is what happened, in a sentence.
func causeOf(i incident.Incident) string {
	text := i.Cause
	if i.Generation > 0 {
		text += fmt.Sprintf(" (run %d)", i.Generation)
	}
	if i.Falls > 1 {
		text += fmt.Sprintf("; fell %s", times(i.Falls))
		if i.LastCause != "" {
			text += ", at last: " + i.LastCause
		}
	}
	if i.EndReason != "" {
		text += "; " + i.EndReason
	}
	return plaintext.Line(text)
}

func summaries(s screen, r serviceRecord, q incidentsQuery) string {
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

func summaryTable(s screen, title string, sum summary) string {
	if len(sum.Programs) == 0 {
		return ""
	}
	rows := [][]cell{{{"PROGRAM", bold}, {"AVAILABLE", bold}, {"INCIDENTS", bold}, {"MEAN RECOVERY", bold}, {"WORST", bold}, {"DOWN", bold}, {"OF", bold}}}
	for _, a := range sum.Programs {
		mean, worst := "-", "-"
		if a.Recovered > 0 {
			mean, worst = took(a.MeanRecovery.Duration()), took(a.WorstRecovery.Duration())
		}
		rows = append(rows, []cell{{text: a.Program}, available(a), {text: fmt.Sprint(a.Incidents)}, {text: mean}, {text: worst},
			{text: took(a.Down.Duration())}, {text: took(a.Wanted.Duration())}})
	}
	return "\n" + title + ":\n" + s.columns(rows)
}

// available never rounds up: 100% is for a program that was never down.
func available(a incident.Availability) cell {
	switch {
	case a.Wanted == 0:
		return cell{text: "-"}
	case a.Down == 0:
		return cell{"100%", green}
	}
	text := fmt.Sprintf("%.3f%%", math.Floor(a.Percent*1000)/1000)
	if a.Percent < 99 {
		return cell{text, red}
	}
	return cell{text, yellow}
}

// took prints a duration with the precision that recoveries have: 0.9ms, 12ms, 1.2s, 3m5s, 5d4h.
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", max(float64(d)/1e6, 0.1))
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	}
	return span(d.Seconds())
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
