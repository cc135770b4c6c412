package top

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	headLines = 2 // the title, the headings
	footLines = 3 // two of the reason, one for keys and questions
	leastWide = 20
	leastHigh = headLines + footLines + 1
)

// body is how many lines of the table or page are on the screen. A page needs no room for a reason.
func (m *Model) body() int {
	if m.page != nil {
		return max(m.height-headLines-1, 1)
	}
	return max(m.height-headLines-footLines, 1)
}

// View draws the screen: as much as it has room for, whatever there is.
func (m *Model) View() tea.View {
	v := tea.NewView(strings.Join(m.draw(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "daruma top"
	return v
}

// draw gives the lines, each as wide as the screen at most.
func (m *Model) draw() []string {
	if m.width < leastWide || m.height < leastHigh {
		return []string{m.cut(fmt.Sprintf("needs %d×%d", leastWide, leastHigh))}
	}
	var lines []string
	if m.page != nil {
		lines = m.drawPage()
	} else {
		lines = m.drawTable()
	}
	return append(lines, m.bottom())
}

func (m *Model) paint(c screen.Colour, text string) string {
	return screen.Screen{Colours: m.colours}.Paint(c, text)
}

// cut makes text end with the screen's line.
func (m *Model) cut(text string) string { return ansi.Truncate(text, m.width, "…") }

func (m *Model) drawTable() []string {
	body := m.body()
	columns, name := m.columns()
	lines := append(make([]string, 0, m.height), m.title(), m.paint(screen.Bold, m.cut(rowText("  ", "NAME", name, columns, func(c column) string { return c.title }))))
	at := m.index()
	if at >= 0 { // the selected row is on the screen
		m.first = min(max(m.first, at-body+1), at)
	}
	m.first = max(min(m.first, len(m.rows)-body), 0)
	for i := m.first; i < min(m.first+body, len(m.rows)); i++ {
		lines = append(lines, m.drawRow(&m.rows[i], i == at, name, columns))
	}
	if len(m.rows) == 0 {
		lines = append(lines, m.cut(m.nothing()))
	}
	for len(lines) < headLines+body {
		lines = append(lines, "")
	}
	return append(lines, m.detail(at)...)
}

// nothing says why there are no rows.
func (m *Model) nothing() string {
	switch {
	case m.err != nil:
		return plaintext.Line("  looking for services: " + m.err.Error())
	case !m.known:
		return "  looking for services …"
	case m.filter != "":
		return "  nothing contains " + m.filter
	}
	return "  no service is known here. Start one with: daruma run FILE"
}

// title counts what there is.
func (m *Model) title() string {
	programs, red := 0, 0
	for _, s := range m.services {
		programs += len(s.Status.Programs)
	}
	for i := range m.rows {
		if m.rows[i].red && (m.rows[i].program != "" || m.rows[i].state != "") {
			red++
		}
	}
	text := fmt.Sprintf("daruma top  %s  %s, %s", m.now.Format("15:04:05"), count(len(m.services), "service"), count(programs, "program"))
	look := ""
	if red > 0 {
		look = fmt.Sprintf("  %d to look at", red)
	}
	if m.err != nil && len(m.rows) > 0 {
		look += plaintext.Line("  the list of services is old: " + m.err.Error())
	}
	text = m.cut(text)
	return text + m.paint(screen.Red, ansi.Truncate(look, m.width-ansi.StringWidth(text), "…"))
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// column is one of the table besides the name.
type column struct {
	title string
	width int
	keep  int // columns with higher numbers are left out first where the screen is narrow
	text  func(*row) string
}

// gap is what stands between columns.
const gap = 2

// columns chooses those that the screen has room for, and the width of the name.
func (m *Model) columns() (columns []column, name int) {
	name = len("NAME")
	for i := range m.rows {
		name = max(name, ansi.StringWidth(m.rows[i].name()))
	}
	name = min(name, max(m.width/3, 10))
	columns = []column{
		{"STATE", 11, 0, func(r *row) string { return r.state }},
		{"READY", 7, 1, func(r *row) string { return r.ready }},
		{"PID", 7, 5, func(r *row) string { return r.pid }},
		{"SINCE", 7, 4, func(r *row) string { return r.since }},
		{"RESTARTS", 8, 2, func(r *row) string { return r.starts }},
		{"CPU", 6, 3, func(r *row) string { return r.cpu }},
		{"MEMORY", 6, 3, func(r *row) string { return r.memory }},
	}
	left := func() int {
		used := 2 + name
		for _, c := range columns {
			used += gap + c.width
		}
		return m.width - used
	}
	for keep := 5; left() < 0 && keep > 0; keep-- {
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.keep == keep })
	}
	if rest := left() - gap; rest >= 16 {
		columns = append(columns, column{"REASON", rest, 9, func(r *row) string { return r.why }})
	}
	return columns, name
}

// rowText lays a row out.
func rowText(mark, name string, width int, columns []column, text func(column) string) string {
	var b strings.Builder
	b.WriteString(mark)
	b.WriteString(fit(name, width))
	for _, c := range columns {
		b.WriteString(strings.Repeat(" ", gap))
		b.WriteString(fit(text(c), c.width))
	}
	return strings.TrimRight(b.String(), " ")
}

// fit makes text exactly so wide.
func fit(text string, width int) string {
	if w := ansi.StringWidth(text); w <= width {
		return text + strings.Repeat(" ", width-w)
	}
	return fit(ansi.Truncate(text, width, "…"), width) // a wide character may not fill it
}

func (m *Model) drawRow(r *row, selected bool, name int, columns []column) string {
	mark := "  "
	if selected {
		mark = "> "
	}
	text := rowText(mark, r.name(), name, columns, func(c column) string {
		if c.title == "STATE" && !selected {
			return m.paint(r.colour, ansi.Truncate(c.text(r), c.width, "…"))
		}
		return c.text(r)
	})
	switch text = m.cut(text); {
	case selected:
		return m.paint(screen.Invert, text)
	case r.program == "" && r.colour == screen.Plain:
		return m.paint(screen.Bold, text)
	}
	return text
}

// detail says in two lines why the selected row is as it is.
func (m *Model) detail(at int) []string {
	if at < 0 || m.rows[at].why == "" {
		return []string{"", ""}
	}
	r := &m.rows[at]
	wrapped := strings.Split(ansi.Wrap(r.target.String()+": "+r.why, m.width, ""), "\n")
	if len(wrapped) == 1 {
		return []string{"", wrapped[0]}
	}
	if len(wrapped) > 2 {
		wrapped[1] = ansi.Truncate(wrapped[1], m.width-1, "") + "…"
	}
	return []string{m.cut(wrapped[0]), m.cut(wrapped[1])}
}

func (m *Model) drawPage() []string {
	p, body := m.page, m.body()
	title := p.what
	if p.kind == logsPage && !p.tail {
		title += "  (End follows what comes)"
	}
	lines := append(make([]string, 0, m.height), m.paint(screen.Bold, m.cut(title)), m.paint(screen.Yellow, m.cut(plaintext.Line(p.note))))
	first := p.top(body)
	clean := plaintext.Caret
	if m.colours {
		clean = plaintext.Coloured
	}
	for _, line := range p.shown[first:min(first+body, len(p.shown))] {
		text := strings.ReplaceAll(string(clean(nil, line)), "\t", "    ")
		lines = append(lines, m.cut(strings.ReplaceAll(text, "\n", " ")))
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	return lines
}

// bottom is the last line: a question, what is typed, what became of an order, or the keys.
func (m *Model) bottom() string {
	switch {
	case m.asking != nil:
		return m.paint(screen.Yellow, m.cut(fmt.Sprintf("%s %s? y: yes, any other key: no", m.asking.verb, m.asking.target)))
	case m.typing:
		return m.cut("/" + m.currentFilter() + "_")
	case m.said != "" && m.failed:
		return m.paint(screen.Red, m.cut(m.said))
	case m.said != "":
		return m.paint(screen.Green, m.cut(m.said))
	}
	keys := "Enter logs  i incidents  r restart  s stop/start  / filter  ? help  q quit"
	if m.page != nil {
		keys = "Esc back  / filter  arrows scroll  q quit"
	}
	if f := m.currentFilter(); f != "" {
		keys = "/" + f + "  Esc all  " + keys
	}
	return m.paint(screen.Dim, m.cut(keys))
}
