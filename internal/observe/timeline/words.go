package timeline

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Words is how a drawing talks.
type Words struct {
	T    func(english string) string // gives a text of this package in the reader's language
	Zone *time.Location              // in which times are shown
}

// English is for readers of English, with times in UTC.
func English() Words { return Words{T: func(text string) string { return text }, Zone: time.UTC} }

func (w Words) f(text string, args ...any) string { return fmt.Sprintf(w.T(text), args...) }

// Texts gives all texts of this package, for who translates them.
func Texts() []string {
	return []string{
		"the service itself", "down still", "stands again", "was given up", "was stopped", "was removed", "it is over",
		"%s: %s", "on %s, down for %s", "fell %d times", "incidents: %d", "incidents: %d, down for %s in all", "from %s to %s",
		"The record no longer holds them all.", "Nothing fell in this time.", "%d programs more fell; narrow the time or look at one service.",
		"1 day", "%d days", "Program", "Incidents", "Mean recovery", "Worst recovery", "of the last 90 days", "nothing is known", "since %s",
		"%s: %s available, %s", "no incident", "now %s", "mean %s", "most %s at %s", "not known", "CPU", "Memory", "over the last day",
		"Availability", "Falls of %s",
	}
}

// clean makes somebody else's text fit for a page, escaped.
func clean(s string) string { return html.EscapeString(short(s, 300)) }

// short makes a text one line of so many characters at most.
func short(s string, most int) string {
	s = strings.TrimSpace(plaintext.Line(s))
	if len(s) <= most {
		return s
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// Name names a program, or the service itself. It isn't escaped.
func (w Words) Name(service, program string) string {
	if program == "" {
		return service + " (" + w.T("the service itself") + ")"
	}
	return service + "/" + program
}

// Outcome says how an incident stands; open tells that the program is down still.
func (w Words) Outcome(o incident.Outcome, open bool) string {
	switch {
	case o == incident.GaveUp:
		return w.T("was given up")
	case open:
		return w.T("down still")
	case o == incident.Recovered:
		return w.T("stands again")
	case o == incident.Stopped:
		return w.T("was stopped")
	case o == incident.Superseded:
		return w.T("was removed")
	}
	return w.T("it is over")
}

func (w Words) moment(t time.Time) string { return t.In(w.Zone).Format("2006-01-02 15:04:05") }

// Duration writes how long something took: two units, rounded down: 2.5s, 3m20s, 1h5m, 2d4h.
func Duration(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(math.Floor(d.Seconds()*10)/10, 'f', -1, 64) + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "m", time.Second, "s")
	case d < 24*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "m")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, large time.Duration, l string, small time.Duration, s string) string {
	if rest := d % large / small; rest > 0 {
		return fmt.Sprintf("%d%s%d%s", d/large, l, rest, s)
	}
	return fmt.Sprintf("%d%s", d/large, l)
}

// percent writes an availability. It is never rounded up: 100% means that it was never down.
func percent(p float64) string {
	return strconv.FormatFloat(math.Floor(min(max(p, 0), 100)*1000+1e-6)/1000, 'f', 3, 64) + "%"
}

// bytes writes a size in binary units.
func bytes(n float64) string {
	const units = "KMGTP"
	if n < 1024 {
		return strconv.FormatFloat(math.Round(n), 'f', 0, 64) + " B"
	}
	u := -1
	for n >= 1024 && u < len(units)-1 {
		n, u = n/1024, u+1
	}
	return fmt.Sprintf("%.1f %ciB", n, units[u])
}
