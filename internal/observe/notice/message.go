package notice

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Language is that of the messages.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Level says how a message is coloured.
type Level string

// The levels.
const (
	Bad     Level = "bad"     // something is wrong
	Good    Level = "good"    // it is over
	Neutral Level = "neutral" // good to know
)

// Message is a notice, or several, in words. All of it is plain text, some of which strangers wrote (causes, output): whoever puts it into
// a markup escapes all of it.
type Message struct {
	ID      string
	Level   Level
	Title   string   // one line
	Facts   []Fact   // in the order of their weight
	Output  []string // last lines of a program
	Command string   // that helps; "": none
	At      time.Time
	Notices []Notice // what it is made of
}

// Fact is one line of a message. One without a name is a sentence.
type Fact struct{ Name, Value string }

// Writer writes messages in one language, for one machine.
type Writer struct {
	Language Language
	Machine  string // its name; "": isn't said
}

// maxItems is how many programs of one notice are listed.
const maxItems = 20

// Write gives the message of one notice.
func (w Writer) Write(n *Notice) Message {
	m := Message{ID: n.ID, Level: level(n), Title: w.Title(n), At: n.At, Notices: []Notice{*n}}
	p := w.phrases()
	switch {
	case n.Kind == Summary:
		m.Facts = w.summaryFacts(n)
	case len(n.Items) == 1:
		w.one(&m, n, &n.Items[0])
	default:
		for k := range n.Items {
			if k == maxItems {
				m.Facts = append(m.Facts, Fact{"", fmt.Sprintf(p.more, len(n.Items)-k+n.More)})
				break
			}
			i := &n.Items[k]
			m.Facts = append(m.Facts, Fact{i.Program, w.short(n, i)})
		}
		m.Command = command(n, "")
	}
	if !n.At.IsZero() {
		m.Facts = append(m.Facts, Fact{p.when, n.At.Local().Format("2006-01-02 15:04:05 -07:00")})
	}
	if w.Machine != "" {
		m.Facts = append(m.Facts, Fact{p.machine, w.Machine})
	}
	return m
}

// one says all that is known of a notice's only program.
func (w Writer) one(m *Message, n *Notice, i *Item) {
	p := w.phrases()
	add := func(name, value string) {
		if value != "" {
			m.Facts = append(m.Facts, Fact{name, value})
		}
	}
	name := p.cause
	if n.Kind == Upgraded {
		name = "" // what by what is no cause
	}
	add(name, i.Cause)
	if i.LastCause != i.Cause {
		add(p.lastCause, i.LastCause)
	}
	if i.Falls > 1 {
		add(p.falls, fmt.Sprint(i.Falls))
	}
	if i.Took > 0 && !n.Over && n.Kind != Brief {
		add(p.lasted, w.duration(i.Took))
	}
	add(p.labels, i.Labels)
	if !n.Over {
		m.Output = i.Output
	}
	if n.Bad() || n.Kind == Brief || n.Kind == Supervisor {
		m.Command = command(n, i.Program)
	}
}

// Digest gives one message of several notices, each of which is a line of it.
func (w Writer) Digest(list []Notice) Message {
	if len(list) == 1 {
		return w.Write(&list[0])
	}
	p := w.phrases()
	m := Message{ID: fmt.Sprintf("%s…%d", list[0].ID, len(list)), Level: Good, At: list[0].At, Notices: list,
		Title: w.place(fmt.Sprintf(p.digest, len(list)))}
	for k := range list {
		n := &list[k]
		m.Facts = append(m.Facts, Fact{n.At.Local().Format("01-02 15:04:05"), w.line(n)})
		if l := level(n); l == Bad || m.Level == Good {
			m.Level = l
		}
	}
	return m
}

// line says a notice in one line.
func (w Writer) line(n *Notice) string {
	s := w.phrase(n)
	if len(n.Items) == 1 && !n.Over && n.Items[0].Cause != "" {
		s += ": " + Clip(n.Items[0].Cause, 200)
	}
	return s
}

// Title says a notice in a few words.
func (w Writer) Title(n *Notice) string { return w.place(w.phrase(n)) }

func (w Writer) place(s string) string {
	if w.Machine == "" {
		return s
	}
	return s + " (" + w.Machine + ")"
}

// short says one of several programs of a notice.
func (w Writer) short(n *Notice, i *Item) string {
	p := w.phrases()
	parts := []string{i.Title, Clip(i.Cause, 200)}
	if i.Falls > 1 {
		parts = append(parts, fmt.Sprintf(p.nFalls, i.Falls))
	}
	if i.Took > 0 {
		parts = append(parts, w.duration(i.Took))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

func (w Writer) summaryFacts(n *Notice) []Fact {
	var facts []Fact
	for service, count := range n.Of {
		facts = append(facts, Fact{service, fmt.Sprint(count)})
	}
	slices.SortFunc(facts, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	if len(facts) > maxItems {
		facts = append(facts[:maxItems], Fact{"", fmt.Sprintf(w.phrases().more, len(facts)-maxItems)})
	}
	return facts
}

// command is the one that says more.
func command(n *Notice, program string) string {
	if !isName(n.Service) || program != "" && !isName(program) {
		return "" // whoever answered on the socket chose it: it would be typed into a shell
	}
	target := n.Service
	if program != "" {
		target += "/" + program
	}
	switch n.Kind {
	case Alert, Test, Summary:
		return ""
	case Gone:
		return "daruma doctor " + n.Service
	case Definition:
		return "daruma check"
	case Supervisor:
		return "daruma incidents " + n.Service
	case NotReady, LogLoss, NoUpgrade:
		return "daruma status " + n.Service
	}
	return "daruma logs " + target + " --since " + n.At.Add(-time.Minute).UTC().Format(time.RFC3339)
}

// isName tells whether s is what definitions allow as a name.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

func level(n *Notice) Level {
	switch {
	case n.Bad():
		return Bad
	case n.Over, n.Kind == Boot:
		return Good
	}
	return Neutral
}

// duration says a duration in one or two units.
func (w Writer) duration(d time.Duration) string {
	u := w.phrases().units
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d %s", max(d.Milliseconds(), 1), u[0])
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f %s", d.Seconds(), u[1])
	case d < time.Minute:
		return fmt.Sprintf("%.0f %s", d.Seconds(), u[1])
	case d < time.Hour:
		return two(d, time.Minute, u[2], time.Second, u[1])
	case d < 48*time.Hour:
		return two(d, time.Hour, u[3], time.Minute, u[2])
	}
	return two(d, 24*time.Hour, u[4], time.Hour, u[3])
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Truncate(small)
	s := fmt.Sprintf("%d %s", d/large, largeName)
	if rest := d % large / small; rest > 0 {
		s += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return s
}
