package top

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/incident"
)

// pageKind is what is shown over the table.
type pageKind int

const (
	logsPage pageKind = iota
	incidentsPage
	helpPage
)

// maxLines is how many lines a page of logs keeps.
const maxLines = 2000

// page is a list of lines over the table. The lines aren't cleaned: they are where they are shown.
type page struct {
	kind   pageKind
	target target
	what   string // the heading
	note   string // what else is to be said: an error, that lines were left out
	from   *follower
	lines  [][]byte
	shown  [][]byte // those of lines that contain filter; lines itself without one
	filter string
	first  int  // the line at the top
	tail   bool // the end is shown, and what comes
}

func (p *page) count() int { return len(p.shown) }

// top is the first line that is shown where body lines are.
func (p *page) top(body int) int {
	last := max(len(p.shown)-body, 0)
	if p.tail {
		return last
	}
	return min(p.first, last)
}

// scroll shows the lines from first on; a page of logs that reaches its end follows.
func (p *page) scroll(first, body int) {
	last := max(len(p.shown)-body, 0)
	p.first = min(max(first, 0), last)
	p.tail = p.kind == logsPage && p.first == last
}

func (p *page) setFilter(f string) {
	p.filter = f
	p.choose()
}

func (p *page) choose() {
	p.shown = p.lines
	if p.filter != "" {
		p.shown = slices.DeleteFunc(slices.Clone(p.lines), func(l []byte) bool { return !p.has(l) })
	}
}

func (p *page) has(line []byte) bool {
	return bytes.Contains(bytes.ToLower(line), bytes.ToLower([]byte(p.filter)))
}

// add takes new lines of a log, and forgets the oldest beyond [maxLines]. What is looked at stays where it is.
func (p *page) add(msg linesMsg) {
	before := len(p.shown)
	p.lines = append(p.lines, msg.lines...)
	if over := len(p.lines) - maxLines; over > 0 {
		p.lines = slices.Clone(p.lines[over:])
		if !p.tail && p.filter == "" {
			p.first = max(p.first-over, 0)
		}
	}
	p.choose()
	if !p.tail && p.filter != "" && len(p.shown) < before {
		p.first = max(p.first-(before-len(p.shown)), 0)
	}
	if msg.note != "" {
		p.note = msg.note
	}
}

// incidentsMsg is the incident record of a service.
type incidentsMsg struct {
	service string
	history *incident.History
	err     error
}

// maxIncidents is how many are listed.
const maxIncidents = 500

// incidents lists them, the newest first.
func (p *page) incidents(msg incidentsMsg, now time.Time) {
	p.note, p.lines = "", nil
	if msg.err != nil {
		p.note = "they can't be read: " + msg.err.Error()
	} else {
		for _, i := range slices.Backward(msg.history.Incidents) {
			if p.target.program != "" && i.Program != p.target.program {
				continue
			}
			if len(p.lines) == maxIncidents {
				p.note = "older ones: daruma incidents " + msg.service + " -n 0"
				break
			}
			p.lines = append(p.lines, incidentLine(msg.history, i))
		}
		if len(p.lines) == 0 {
			p.note = "there are none"
		}
	}
	p.choose()
}

func incidentLine(h *incident.History, i incident.Incident) []byte {
	what := i.Program
	if what == "" {
		what = "(service)"
	}
	text := fmt.Sprintf("%s  %s  %s", i.Detected.Local().Format("2006-01-02 15:04:05"), what, i.Cause)
	if i.Falls > 1 {
		text += "; fell " + reason.Times(i.Falls)
	}
	if i.Action != "" {
		text += "; " + i.Action
	}
	outcome := string(i.Outcome)
	switch i.Outcome {
	case incident.GaveUp:
		outcome = "given up"
	case incident.Ongoing:
		outcome = "not over"
	}
	text += fmt.Sprintf("; %s, down for %s", outcome, screen.Span(h.DownFor(i).Seconds()))
	return []byte(text)
}

// helpPageOf is the page of ?.
func helpPageOf() *page {
	p := &page{kind: helpPage, what: "help"}
	for line := range strings.Lines(helpText) {
		p.lines = append(p.lines, []byte(strings.TrimRight(line, "\n")))
	}
	p.choose()
	return p
}

const helpText = `arrows, j k, PgUp PgDn, Home End   move
Enter    logs of the program, or of all programs of the service, as they come
i        incidents: what fell, why, and for how long
r        restart the program (asks)
s        stop the program, or start it where it is stopped (asks)
/        show only what contains a text; Esc shows all again
q        quit; Esc, Enter and Backspace go back from a page

Services that somebody should look at stand first, and in each service such
programs: not ready, unhealthy, failed, in backoff; supervisors that aren't
there or don't answer.

READY    of a service: how many of the programs that should be ready are
SINCE    how long the run, or the service, has been up
CPU, MEMORY  of the program and all that it has started; CPU of one processor
The line below the table says why the selected one is as it is.

What you may not do is refused by the service's supervisor, which says why.
Readers of a service (control.readers in its definition) see all of this and
give no order. A service that lets you see nothing is shown as "no access".
Orders to a whole service are daruma start, stop and restart NAME.`
