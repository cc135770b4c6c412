package top

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/live"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// hands note what the model has done.
type hands struct {
	orders []string
	opened *follower
}

func (h *hands) next() tea.Msg { return nil }

func (h *hands) order(t target, verb control.Verb) tea.Msg {
	h.orders = append(h.orders, fmt.Sprintf("%s %s", verb, t))
	return orderedMsg{text: fmt.Sprintf("%s: %s was done", t, verb)}
}

func (h *hands) logs(target) *follower {
	h.opened = newFollower(context.Background())
	return h.opened
}

func (h *hands) incidents(service string) tea.Msg {
	return incidentsMsg{service: service, err: errors.New("permission denied\x1b[2J")}
}

// press types keys and carries out what the model asks for, but for what waits.
func press(t *testing.T, m *Model, keys ...string) {
	t.Helper()
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "backspace": tea.KeyBackspace,
		"home": tea.KeyHome, "end": tea.KeyEnd, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp}
	for _, key := range keys {
		k := tea.KeyPressMsg{Text: key, Code: []rune(key)[0]}
		if code := special[key]; code != 0 {
			k = tea.KeyPressMsg{Code: code}
		}
		_, cmd := m.Update(k)
		if cmd != nil && m.page.kindOf() != logsPage {
			if msg := cmd(); msg != nil {
				m.Update(msg)
			}
		}
	}
}

func (p *page) kindOf() pageKind {
	if p == nil {
		return -1
	}
	return p.kind
}

// screenOf is what is seen, without colours, and checks that it fits.
func screenOf(t *testing.T, m *Model) string {
	t.Helper()
	lines := strings.Split(m.View().Content, "\n")
	if len(lines) > m.height {
		t.Errorf("%d lines on a screen of %d", len(lines), m.height)
	}
	for _, line := range lines {
		if w := ansi.StringWidth(line); w > m.width {
			t.Errorf("%d wide on a screen of %d: %q", w, m.width, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func wantGolden(t *testing.T, m *Model, name string) {
	t.Helper()
	got := screenOf(t, m)
	path := "testdata/" + name + ".golden"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
	}
}

func wantSeen(t *testing.T, m *Model, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if s := screenOf(t, m); !strings.Contains(s, text) {
			t.Errorf("%q isn't on the screen:\n%s", text, s)
		}
	}
}

func up(name string) control.ProgramStatus {
	return control.ProgramStatus{Name: name, Wanted: true, State: control.StateRunning, Ready: true, Healthy: true, PID: 4711, UptimeSeconds: 3700, MemoryBytes: 5 << 20, Restarts: 2}
}

func heard(service string, programs ...control.ProgramStatus) live.Seen {
	return live.Seen{Service: service, Heard: noon, Status: control.Status{Service: service, UptimeSeconds: 90000, Programs: programs}}
}

// machine is one with everything that can be seen.
func machine() []live.Seen {
	slow, gone, hung, rest := up("slow"), up("gone"), up("hung"), up("rest")
	slow.Ready = false
	slow.Probes = []control.ProbeStatus{{Kind: "readiness", Failures: 3, Message: "GET /healthz: 503 \x1b[2Jupstream\nis down, and this goes on for longer than a narrow screen is"}}
	gone.State, gone.Ready, gone.PID, gone.MemoryBytes, gone.NextRestartAt, gone.Reason = control.StateBackoff, false, 0, 0, noon.Add(8*time.Second), "exit code 1"
	hung.Healthy = false
	rest.State, rest.Ready, rest.PID, rest.MemoryBytes, rest.Wanted = control.StateStopped, false, 0, 0, false
	return []live.Seen{
		heard("calm", up("web"), up("db")),
		{Service: "dead", Err: fmt.Errorf("service dead is %w", control.ErrNotRunning), System: "failed (failed); result exit-code 1"},
		heard("shop", up("api"), slow, rest, gone, hung),
		{Service: "theirs", Err: &control.PermissionError{Service: "theirs", Owner: "somebody whose name is so long that the rest is cut off here"}},
		{Service: "void", Asked: noon.Add(-3 * time.Second), Heard: noon.Add(-5 * time.Second), Status: control.Status{Programs: []control.ProgramStatus{up("one")}}},
	}
}

func modelOf(services ...live.Seen) (*Model, *hands) {
	h := &hands{}
	m := newModel(h, false, noon)
	m.Update(seenMsg{Services: services})
	return m, h
}

func TestScreens(t *testing.T) {
	before := machine() // two seconds ago
	for i := range before {
		before[i].Heard = before[i].Heard.Add(-2 * time.Second)
	}
	m, _ := modelOf(before...)
	now := machine()
	for i, used := range []float64{0, 3, 0.001, 0} { // seconds, of the programs of shop
		for j := range now {
			if s := &now[j]; s.Service == "shop" && i < len(s.Status.Programs) && s.Status.Programs[i].PID != 0 {
				s.Status.Programs[i].CPUSeconds += used
			}
		}
	}
	m.Update(seenMsg{Services: now})
	wantGolden(t, m, "table-80x24")
	for _, size := range [][2]int{{140, 24}, {46, 16}, {20, 6}} {
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		wantGolden(t, m, fmt.Sprintf("table-%dx%d", size[0], size[1]))
	}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	press(t, m, "?")
	wantGolden(t, m, "help-80x24")
	for w := range 60 { // whatever the size, it fits
		for h := range 30 {
			m.Update(tea.WindowSizeMsg{Width: w, Height: h})
			if w > 9 && h > 0 {
				screenOf(t, m)
			} else {
				m.View()
			}
		}
	}
}

// What others wrote moves no cursor and hides nothing, with colours too.
func TestNothingIsObeyed(t *testing.T) {
	evil := up("api")
	evil.Reason, evil.StatusText = "\x1b[2Jreason\x07\u202e", "\x1b]0;title\x07says\r\nmore"
	evil.State = "run\x1b[Hning"
	s := heard("shop", evil)
	s.Status.Warnings = []string{"warn\x1b[3Aing"}
	for _, colours := range []bool{false, true} {
		m, h := modelOf(s, live.Seen{Service: "odd", Err: errors.New("err\x1b[2Jor\nline")})
		m.colours = colours
		for range 3 {
			press(t, m, "down")
			clean(t, m)
		}
		press(t, m, "i")
		clean(t, m)
		wantSeen(t, m, "can't be read: permission denied")
		press(t, m, "esc", "enter")
		h.opened.add("", []byte("a\x1b[2Jb\x1b]8;;http://x\x07c\td\r"))
		m.Update(h.opened.next())
		clean(t, m)
		wantSeen(t, m, "a^[[2Jb^[]8;;http://x^Gc    d")
	}
}

// clean wants no control character on the screen but those of our colours.
func clean(t *testing.T, m *Model) {
	t.Helper()
	text := m.View().Content
	if m.colours {
		for _, c := range []string{"0", "1", "2", "7", "31", "32", "33"} {
			text = strings.ReplaceAll(text, "\x1b["+c+"m", "")
		}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\u202e' }); i >= 0 {
		t.Errorf("%q is on the screen: %q", text[i], text)
	}
}

func TestColoursAreForThoseWhoWantThem(t *testing.T) {
	m, _ := modelOf(machine()...)
	if s := m.View().Content; strings.Contains(s, "\x1b") {
		t.Errorf("coloured: %q", s)
	}
	m.colours = true
	if s := m.View().Content; !strings.Contains(s, "\x1b[31mbackoff\x1b[0m") || !strings.Contains(s, "\x1b[7m> ") {
		t.Errorf("no colours: %q", s)
	}
}

// An order is given to what was selected when it was asked for, after a y and nothing else, wherever rows have moved meanwhile.
func TestOrders(t *testing.T) {
	m, h := modelOf(heard("shop", up("api"), up("worker")))
	press(t, m, "down", "r")
	wantSeen(t, m, "restart shop/api? y: yes")
	fallen := up("worker")
	fallen.State = control.StateBackoff
	m.Update(seenMsg{Services: []live.Seen{heard("aaa", fallen), heard("shop", fallen, up("api"))}})
	press(t, m, "y")
	if len(h.orders) != 1 || h.orders[0] != "restart shop/api" {
		t.Fatalf("%q", h.orders)
	}
	wantSeen(t, m, "shop/api: restart was done", "> "+"  api")
	for _, no := range []string{"n", "enter", "esc", "r"} {
		press(t, m, "s", no)
	}
	if len(h.orders) != 1 {
		t.Errorf("given without a yes: %q", h.orders)
	}
	press(t, m, "s", "y")
	stopped := up("api")
	stopped.Wanted, stopped.State = false, control.StateStopped
	m.Update(seenMsg{Services: []live.Seen{heard("shop", stopped)}})
	press(t, m, "s", "y")
	if got := strings.Join(h.orders, ", "); got != "restart shop/api, stop shop/api, start shop/api" {
		t.Error(got)
	}
	press(t, m, "home", "r")
	wantSeen(t, m, "for all of them: daruma restart shop")
	press(t, m, "y")
	if len(h.orders) != 3 {
		t.Errorf("a whole service was ordered: %q", h.orders)
	}
}

// A refusal is said with what to do about it.
func TestRefusedOrder(t *testing.T) {
	denied := &control.APIError{Status: 403, Problem: control.Problem{Error: "you are a reader", Hint: "ask root"}}
	if o := outcome(target{"shop", "api"}, control.VerbRestart, control.Answer{}, 0, denied); !o.failed || o.text != "shop/api: restart was not done: you are a reader: ask root" {
		t.Errorf("%+v", o)
	}
	a := control.Answer{Results: []control.ProgramResult{{Program: "api", State: control.StateFailed, Message: "exit code 1\x1b[2J"}}}
	if o := outcome(target{"shop", "api"}, control.VerbStart, a, 0, nil); !o.failed || o.text != "shop/api: start was not done, it is failed: exit code 1 [2J" {
		t.Errorf("%+v", o)
	}
	m, _ := modelOf(heard("shop", up("api")))
	m.Update(orderedMsg{"shop/api: restart was not done: you are a reader", true})
	wantSeen(t, m, "you are a reader")
	press(t, m, "down") // seen
	if strings.Contains(screenOf(t, m), "you are a reader") {
		t.Error("it stays")
	}
}

func TestFilter(t *testing.T) {
	m, h := modelOf(machine()...)
	press(t, m, "/", "B", "a", "c", "k", "o", "f")
	s := screenOf(t, m)
	if !strings.Contains(s, "gone") || strings.Contains(s, "  api") || strings.Contains(s, "calm") || !strings.Contains(s, "/Backof_") {
		t.Error(s)
	}
	press(t, m, "backspace", "enter", "end", "r")
	wantSeen(t, m, "restart shop/gone?")
	press(t, m, "n", "/", "q", "r")
	wantSeen(t, m, "nothing contains Backoqr")
	if len(h.orders) != 0 {
		t.Errorf("%q", h.orders)
	}
	m.Update(tea.PasteMsg{Content: strings.Repeat("x", 1<<20)})
	press(t, m, "esc")
	wantSeen(t, m, "calm", "  api")
}

// Of a log the last lines are kept, those looked at stay where they are, and End follows again.
func TestLogs(t *testing.T) {
	m, h := modelOf(heard("shop", up("api")))
	press(t, m, "down", "enter")
	more := func(from, n int) {
		msg := linesMsg{from: h.opened}
		for i := range n {
			msg.lines = append(msg.lines, fmt.Appendf(nil, "line %d.", from+i))
		}
		m.Update(msg)
	}
	more(1, 100)
	wantSeen(t, m, "logs of shop/api", "line 100.", "line 80.")
	press(t, m, "pgup", "up")
	wantSeen(t, m, "line 78.", "End follows")
	more(101, maxLines-50) // the first 50 are forgotten
	wantSeen(t, m, "line 58.", "line 78.")
	if len(m.page.lines) != maxLines {
		t.Errorf("%d lines are kept", len(m.page.lines))
	}
	press(t, m, "end")
	wantSeen(t, m, fmt.Sprintf("line %d.", maxLines+50))
	press(t, m, "/", "1", "2", "3", ".", "enter")
	if s := screenOf(t, m); !strings.Contains(s, "line 1123.") || strings.Contains(s, "line 2050.") {
		t.Error(s)
	}
	before := h.opened
	press(t, m, "esc", "esc")
	if m.page != nil || before.ctx.Err() == nil {
		t.Error("it reads on behind the table")
	}
	if _, cmd := m.Update(linesMsg{from: before}); cmd != nil {
		t.Error("a page that was left is asked for more")
	}
}

// However fast lines come, no more are kept than are shown, and it is said.
func TestFastLogs(t *testing.T) {
	f := newFollower(t.Context())
	line := make([]byte, 2*maxLine)
	for range 3 * maxLines {
		f.add("", line)
	}
	msg := f.next().(linesMsg)
	if len(msg.lines) > 2*maxLines || len(msg.lines[0]) != maxLine || !strings.Contains(msg.note, "came too fast") {
		t.Errorf("%d lines, %q", len(msg.lines), msg.note)
	}
}

// A thousand programs are drawn as far as they are on the screen, and selecting the last scrolls there.
func TestThousandPrograms(t *testing.T) {
	var all []live.Seen
	for i := range 100 {
		var programs []control.ProgramStatus
		for j := range 10 {
			programs = append(programs, up(fmt.Sprintf("p%d", j)))
		}
		all = append(all, heard(fmt.Sprintf("s%02d", i), programs...))
	}
	m, _ := modelOf(all...)
	press(t, m, "end")
	wantSeen(t, m, "s99", ">   p9", "100 services, 1000 programs")
	best := time.Hour // of some: others use the machine, too
	for range 50 {
		begin := time.Now()
		press(t, m, "up")
		m.View()
		best = min(best, time.Since(begin))
	}
	if t.Logf("a key takes %v until it is drawn", best); best > 20*time.Millisecond {
		t.Errorf("that is felt")
	}
	begin := time.Now()
	m.Update(seenMsg{Services: all})
	t.Logf("news take %v", time.Since(begin))
}

func TestNobodyThere(t *testing.T) {
	m := newModel(&hands{}, false, noon)
	wantSeen(t, m, "looking for services")
	m.Update(seenMsg{})
	wantSeen(t, m, "Start one with: daruma run FILE")
	press(t, m, "r", "s", "i", "enter", "down", "end", "/", "x", "esc")
	m.Update(seenMsg{Err: errors.New("no such folder")})
	wantSeen(t, m, "no such folder")
}
