package top

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/live"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// doer does for the model what isn't pure. Its methods wait, and are called in commands, but for logs.
type doer interface {
	next() tea.Msg // everything that is known, once it is news
	order(t target, verb control.Verb) tea.Msg
	logs(t target) *follower // begins to read; returns at once
	incidents(service string) tea.Msg
}

// seenMsg is everything that is known.
type seenMsg live.Machine

// tickMsg comes each second: durations and silences grow without news.
type tickMsg time.Time

// orderedMsg is what became of an order.
type orderedMsg struct {
	text   string
	failed bool
}

// Model is what is on the screen.
type Model struct {
	do            doer
	colours       bool
	width, height int
	now           time.Time

	services []live.Seen
	cpu      live.Shares
	err      error // why the services couldn't be listed
	known    bool  // a first answer to which services there are
	rows     []row
	selected target
	first    int // the row at the top of the screen

	filter string
	typing bool   // keys go into a filter
	asking *order // waits for y or n
	said   string // what became of the last order; the next key takes it away
	failed bool
	page   *page // over the table: logs, incidents or help; nil: none
}

// order is one that was asked for and isn't given yet.
type order struct {
	target
	verb control.Verb
}

// newModel makes the model of an empty screen of 80×24.
func newModel(do doer, colours bool, now time.Time) *Model {
	return &Model{do: do, colours: colours, width: 80, height: 24, now: now}
}

// Init gives the commands that bring news.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.do.next, tick()) }

func tick() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// Update takes a message, and gives the commands that follow from it.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tickMsg:
		m.now = time.Time(msg)
		m.build()
		return m, tick()
	case seenMsg:
		m.services, m.err, m.known = msg.Services, msg.Err, true
		m.cpu = m.cpu.Next(msg.Services)
		m.build()
		return m, m.do.next
	case linesMsg:
		if m.page == nil || m.page.from != msg.from {
			return m, nil // the page was left
		}
		m.page.add(msg)
		if msg.ended {
			return m, nil
		}
		return m, msg.from.next
	case incidentsMsg:
		if m.page != nil && m.page.kind == incidentsPage && m.page.target.service == msg.service {
			m.page.incidents(msg, m.now)
		}
	case orderedMsg:
		m.said, m.failed = msg.text, msg.failed
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg:
		if m.typing {
			m.setFilter(m.currentFilter() + plaintext.Line(msg.Content))
		}
	}
	return m, nil
}

// build makes the rows anew. What is selected stays so wherever its row moves, so that no key ever means a program that slid under the cursor.
func (m *Model) build() {
	at := m.index()
	m.rows = rowsOf(m.services, m.cpu, m.filter, m.now)
	if m.index() < 0 {
		m.selectAt(max(at, 0))
	}
}

// index is the selected row's; -1: there is none.
func (m *Model) index() int {
	return slices.IndexFunc(m.rows, func(r row) bool { return r.target == m.selected })
}

// selectAt selects the row at i, or the nearest that there is.
func (m *Model) selectAt(i int) {
	if len(m.rows) == 0 {
		m.selected = target{}
		return
	}
	m.selected = m.rows[min(max(i, 0), len(m.rows)-1)].target
}

func (m *Model) currentFilter() string {
	if m.page != nil {
		return m.page.filter
	}
	return m.filter
}

// maxFilter bounds a filter, in bytes: somebody may paste a file.
const maxFilter = 100

func (m *Model) setFilter(f string) {
	if len(f) > maxFilter {
		return
	}
	if m.page != nil {
		m.page.setFilter(f)
		return
	}
	m.filter = f
	m.build()
}

// reasonOf is what events and incidents say of an order.
func reasonOf(verb control.Verb) string {
	return fmt.Sprintf("daruma top (%s) by %s", verb, operate.UserName())
}

// give gives an order, and says what becomes of it.
func (m *Model) give(o order) tea.Cmd {
	m.said, m.failed = fmt.Sprintf("%s %s …", doing(o.verb), o.target), false
	do := m.do
	return func() tea.Msg { return do.order(o.target, o.verb) }
}

func doing(verb control.Verb) string {
	return map[control.Verb]string{control.VerbRestart: "restarting", control.VerbStop: "stopping", control.VerbStart: "starting"}[verb]
}

// outcome says what became of an order.
func outcome(t target, verb control.Verb, a control.Answer, took time.Duration, err error) orderedMsg {
	if err != nil {
		text := fmt.Sprintf("%s was not done: %v", verb, err)
		if hint := hintOf(err); hint != "" {
			text += ": " + hint
		}
		return orderedMsg{plaintext.Line(t.String() + ": " + text), true}
	}
	past := map[control.Verb]string{control.VerbRestart: "restarted", control.VerbStop: "stopped", control.VerbStart: "started"}[verb]
	for _, r := range a.Results {
		if !r.Done {
			return orderedMsg{plaintext.Line(fmt.Sprintf("%s: %s was not done, it is %s: %s", t, verb, r.State, r.Message)), true}
		}
	}
	text := fmt.Sprintf("%s: %s after %s", t, past, screen.Span(took.Seconds()))
	for _, r := range a.Results {
		if r.Program == t.program && r.Message != "" {
			text += "; " + r.Message
		}
	}
	return orderedMsg{plaintext.Line(text), false}
}

// doerOf does it for real, until ctx ends.
type doerOf struct {
	ctx     context.Context
	watcher *live.Watcher
}

func (d *doerOf) next() tea.Msg {
	machine, ok := d.watcher.Next(d.ctx)
	if !ok {
		return nil
	}
	return seenMsg(machine)
}

func (d *doerOf) order(t target, verb control.Verb) tea.Msg {
	begin := time.Now()
	c := control.Command{Verb: verb, Program: t.program, Reason: reasonOf(verb)}
	if verb != control.VerbStop {
		c.MinReadySeconds = operate.MinReadySeconds
	}
	var a control.Answer
	client, err := control.Dial(t.service)
	if err == nil {
		a, err = client.Command(d.ctx, c)
	}
	return outcome(t, verb, a, time.Since(begin), err)
}
