package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// shown runs do with a terminal for output, and gives the bytes that the terminal was given.
func shown(t *testing.T, do func(std IO)) string {
	t.Helper()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	person, tty := terminal(t)
	raw, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	raw.Oflag &^= unix.OPOST // the terminal's driver adds carriage returns
	if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, raw); err != nil {
		t.Fatal(err)
	}
	seen := make(chan string)
	go func() {
		var all bytes.Buffer
		buf := make([]byte, 4096)
		for !bytes.HasSuffix(all.Bytes(), []byte("<end>")) {
			n, err := person.Read(buf)
			if err != nil {
				break
			}
			all.Write(buf[:n])
		}
		seen <- strings.TrimSuffix(all.String(), "<end>")
	}()
	do(IO{In: strings.NewReader(""), Out: tty, Err: tty})
	_, _ = tty.WriteString("<end>")
	return <-seen
}

// ours are the sequences that daruma itself writes: colours, and what draws a table over the one before.
var ours = regexp.MustCompile("\x1b\\[(0|1|2|31|32|33)m|\x1b\\[(2J|H|K|J)|\r⠋[^\r]*\r")

// TestForgedAnswersOnATerminal: nothing that a control socket answers gets to the terminal but characters.
func TestForgedAnswersOnATerminal(t *testing.T) {
	for _, f := range []forger{{}, {refuses: true}} {
		home(t)
		forgeService(t, f)
		for line, args := range verbsThatAsk() {
			text := shown(t, func(std IO) { Main(args, std) })
			if text == "" {
				t.Errorf("%s printed nothing", line)
			}
			harmless(t, line, ours.ReplaceAllString(text, ""))
		}
	}
}

// TestForgedAnswersWatched: the table that is drawn again and again writes past the guard.
func TestForgedAnswersWatched(t *testing.T) {
	home(t)
	forgeService(t, forger{})
	text := shown(t, func(std IO) {
		views, err := readViews(t.Context(), target{})
		if err == nil {
			err = redraw(std.guarded())(views)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(text, "FORGED") || !strings.HasPrefix(text, "\x1b[2J\x1b[H") {
		t.Errorf("%q", text)
	}
	harmless(t, "status --watch", ours.ReplaceAllString(text, ""))
}

// TestForgedErrorOnATerminal: what no verb has cleaned is cleaned by the terminal's guard: here the path of a definition.
func TestForgedErrorOnATerminal(t *testing.T) {
	home(t)
	file := filepath.Join(t.TempDir(), "x\x1b[2J\u009b1m\u202e")
	if err := os.WriteFile(file, []byte("name: \"a\\eb\"\n\x1b: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", file}, {"reload", "\x1b[2J"}, {"install", file, "--dry-run"}, {"\x1b[2J\u202e"}, {"ensure", "\x1b[2J"}} {
		text := shown(t, func(std IO) { Main(args, std) })
		if text == "" {
			t.Errorf("%q printed nothing", args)
		}
		harmless(t, strings.Join(args, " "), ours.ReplaceAllString(text, ""))
	}
}

// TestForgedIncidents: a service's account can write its record.
func TestForgedIncidents(t *testing.T) {
	home(t)
	f := known(t, "shop")
	var i incident.Incident
	forge(&i)
	i.ID, i.Kind, i.Outcome = "1", incident.Kind("x"+forgery), incident.Outcome("x"+forgery)
	object, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	line := map[string]any{"type": "begin", "t": 1000, "at": now, "seq": 1, "incident": fields}
	fields["fromT"], fields["untilT"], fields["downSinceT"], fields["recovered"] = 1000, 1001, 0, nil
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Incidents(), append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"incidents", "shop"}, {"incidents"}, {"incidents", "shop", "-o", "json"}} {
		text := shown(t, func(std IO) { Main(args, std) })
		if !strings.Contains(text, "FORGED") {
			t.Errorf("the record wasn't shown: %q", text)
		}
		harmless(t, strings.Join(args, " "), ours.ReplaceAllString(text, ""))
	}
}

// TestLogsOnATerminal: a terminal gets characters and colours, a pipe and --raw the bytes.
func TestLogsOnATerminal(t *testing.T) {
	home(t)
	f := known(t, "shop")
	log := "\x1b[31mred\nplain\ttext\r\n" + forgery + "\n\x1b[8mhidden\nöpen"
	if err := os.WriteFile(filepath.Join(f.Logs, "api.log"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	colours := regexp.MustCompile("\x1b\\[(31|0)m")
	text := shown(t, func(std IO) { Main([]string{"logs", "shop/api"}, std) })
	if !strings.HasPrefix(text, "\x1b[31mred\x1b[0m\nplain\ttext\n") || !strings.Contains(text, "^[[2J") || !strings.Contains(text, "^[[8mhidden\nöpen\n") {
		t.Errorf("%q", text)
	}
	for line := range strings.Lines(colours.ReplaceAllString(text, "")) {
		if line != "FORGED\tby<FF><C3>\n" { // its own line it was in the log
			harmless(t, "logs", line)
		}
	}
	if text := shown(t, func(std IO) { Main([]string{"logs", "shop/api", "--raw"}, std) }); text != log+"\n" {
		t.Errorf("--raw: %q", text)
	}
	var out strings.Builder
	if code := Main([]string{"logs", "shop/api"}, IO{Out: &out, Err: io.Discard}); code != 0 || out.String() != log {
		t.Errorf("to a pipe: %d %q", code, &out)
	}
	text = shown(t, func(std IO) { Main([]string{"logs", "shop/api", "-o", "json"}, std) })
	harmless(t, "logs -o json", text)
	var said []string
	for line := range strings.Lines(text) {
		var o struct{ Message string }
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		said = append(said, o.Message)
	}
	if want := strings.ToValidUTF8(log, "\ufffd\ufffd"); strings.ReplaceAll(strings.Join(said, "\n"), "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
		t.Errorf("%q, want %q", said, want)
	}
}

// TestJSONKeepsItsValues: what is escaped for the terminal's sake is the same value.
func TestJSONKeepsItsValues(t *testing.T) {
	var st, got control.Status
	forge(&st)
	var out bytes.Buffer
	if err := writeJSON(&out, st); err != nil {
		t.Fatal(err)
	}
	harmless(t, "JSON", out.String())
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Warnings[0] != strings.ToValidUTF8(strings.ReplaceAll(forgery, "\xff\xc3", "\ufffd\ufffd"), "") {
		t.Errorf("%v %q", err, got.Warnings)
	}
}
