package top

import (
	"errors"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// key does what a key asks for.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "ctrl+c" {
		m.leave()
		return tea.Quit
	}
	m.said = ""
	switch {
	case m.asking != nil:
		return m.answer(k)
	case m.typing:
		m.typed(k)
		return nil
	case m.page != nil:
		return m.pageKey(k)
	}
	return m.tableKey(k)
}

// answer takes the answer to whether an order is meant: only y is a yes.
func (m *Model) answer(k tea.KeyPressMsg) tea.Cmd {
	o := *m.asking
	m.asking = nil
	if k.String() != "y" {
		m.said, m.failed = "nothing was done", false
		return nil
	}
	return m.give(o)
}

// typed is a key while a filter is typed.
func (m *Model) typed(k tea.KeyPressMsg) {
	f := m.currentFilter()
	switch k.String() {
	case "enter":
		m.typing = false
	case "esc":
		m.typing = false
		m.setFilter("")
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(f)
		m.setFilter(f[:len(f)-n])
	case "ctrl+u":
		m.setFilter("")
	default:
		m.setFilter(f + plaintext.Line(k.Text)) // no text: the key is no character
	}
}

// tableKey is a key on the table.
func (m *Model) tableKey(k tea.KeyPressMsg) tea.Cmd {
	if to, ok := moved(k.String(), m.index(), len(m.rows), m.body()); ok {
		m.selectAt(to)
		return nil
	}
	switch k.String() {
	case "q":
		return tea.Quit
	case "esc":
		m.setFilter("")
	case "/":
		m.typing = true
	case "?":
		m.page = helpPageOf()
	case "enter":
		return m.openLogs()
	case "i":
		return m.openIncidents()
	case "r", "s":
		m.ask(k.String())
	}
	return nil
}

// moved is where a key moves to among n lines of which height are on the screen; ok: it is a key that moves.
func moved(key string, at, n, height int) (to int, ok bool) {
	height = max(height, 1)
	switch key {
	case "up", "k":
		at--
	case "down", "j":
		at++
	case "pgup", "ctrl+b":
		at -= height
	case "pgdown", "space", "ctrl+f":
		at += height
	case "home", "g":
		at = 0
	case "end", "G":
		at = n - 1
	default:
		return at, false
	}
	return at, true
}

// ask asks whether the order is meant. An order to a whole service is the service manager's business too, and another verb's.
func (m *Model) ask(key string) {
	i := m.index()
	if i < 0 {
		return
	}
	r := &m.rows[i]
	switch {
	case r.program == "" && r.state == "not running":
		m.said, m.failed = "what isn't running is started with: daruma start "+r.service, true
	case r.program == "":
		m.said, m.failed = "r and s are for one program; for all of them: daruma restart "+r.service+", daruma stop "+r.service, true
	case key == "r":
		m.asking = &order{r.target, control.VerbRestart}
	case r.runs:
		m.asking = &order{r.target, control.VerbStop}
	default:
		m.asking = &order{r.target, control.VerbStart}
	}
}

// openLogs shows the logs of the selected program, or of all of a service.
func (m *Model) openLogs() tea.Cmd {
	if m.index() < 0 {
		return nil
	}
	f := m.do.logs(m.selected)
	m.page = &page{kind: logsPage, target: m.selected, from: f, tail: true, what: "logs of " + m.selected.String()}
	return f.next
}

func (m *Model) openIncidents() tea.Cmd {
	if m.index() < 0 {
		return nil
	}
	t := m.selected
	m.page = &page{kind: incidentsPage, target: t, what: "incidents of " + t.String(), note: "reading …"}
	do := m.do
	return func() tea.Msg { return do.incidents(t.service) }
}

// leave goes back to the table.
func (m *Model) leave() {
	if m.page != nil && m.page.from != nil {
		m.page.from.end()
	}
	m.page = nil
}

// pageKey is a key on a page over the table.
func (m *Model) pageKey(k tea.KeyPressMsg) tea.Cmd {
	p := m.page
	if to, ok := moved(k.String(), p.top(m.body()), p.count(), m.body()); ok {
		p.scroll(to, m.body())
		return nil
	}
	switch k.String() {
	case "q":
		m.leave()
		return tea.Quit
	case "esc":
		if p.filter != "" {
			p.setFilter("")
			return nil
		}
		m.leave()
	case "enter", "backspace", "left":
		m.leave()
	case "/":
		m.typing = true
	}
	return nil
}

// hintOf is what a supervisor says to do about its refusal.
func hintOf(err error) string {
	var refused *control.APIError
	if errors.As(err, &refused) {
		return refused.Hint
	}
	return ""
}
