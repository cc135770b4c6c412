package notify

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func decode(parts ...string) (list []Message, refused uint64) {
	var d Decoder
	for _, p := range parts {
		d.Write([]byte(p), func(m Message) { list = append(list, m) })
	}
	return list, d.Refused()
}

func TestDecoder(t *testing.T) {
	long := strings.Repeat("x", 2*MaxLine)
	for _, c := range []struct {
		name    string
		in      []string
		want    []Message
		refused uint64
	}{
		{"one", []string{"READY=1\n"}, []Message{{"READY", "1"}}, 0},
		{"cut anywhere", []string{"REA", "DY", "=", "1", "\nSTATUS=a b\n"}, []Message{{"READY", "1"}, {"STATUS", "a b"}}, 0},
		{"no newline yet", []string{"READY=1"}, nil, 0},
		{"carriage return and empty lines", []string{"\r\n\nREADY=1\r\n"}, []Message{{"READY", "1"}}, 0},
		{"value with =", []string{"STATUS=a=b\n"}, []Message{{"STATUS", "a=b"}}, 0},
		{"no key", []string{"=1\nhello\nready=1\nA B=1\n"}, nil, 4},
		{"too long, then one that isn't", []string{"STATUS=" + long, long + "\nREADY=1\n"}, []Message{{"READY", "1"}}, 1},
		{"longest", []string{"STATUS=" + strings.Repeat("x", MaxLine-8) + "\n"}, []Message{{"STATUS", strings.Repeat("x", MaxLine-8)}}, 0},
		{"one byte more", []string{"STATUS=" + strings.Repeat("x", MaxLine-7) + "\n"}, nil, 1},
		{"terminal's orders", []string{"STATUS=\x1b[2Jred\a\u202eoff\xff\n"}, []Message{{"STATUS", "[2Jred  off\uFFFD"}}, 0},
	} {
		if got, refused := decode(c.in...); !reflect.DeepEqual(got, c.want) || refused != c.refused {
			t.Errorf("%s: %q, %d refused; want %q, %d", c.name, got, refused, c.want, c.refused)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		in   Message
		want string
	}{
		{Message{Ready, "1"}, "READY=1\n"},
		{Negative(Ready, "db\r\ndown "), "READY=0 db  down\n"},
		{Negative(Live, ""), "LIVE=0\n"},
		{Message{Status, "a\nREADY=1"}, "STATUS=a READY=1\n"},
		{Message{"a", "1"}, ""},
		{Message{"A=1\nB", "1"}, ""},
		{Message{Status, strings.Repeat("ä", MaxLine)}, "STATUS=" + strings.Repeat("ä", (MaxLine-8)/2) + "\n"},
	} {
		if got := string(Append(nil, c.in)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestState(t *testing.T) {
	var s State
	steps := []struct {
		m    Message
		ok   bool
		want State
	}{
		{Message{Ready, "yes"}, false, State{}},
		{Message{Ready, "0 db down"}, true, State{Unready: "db down"}},
		{Message{Ready, "1"}, true, State{Started: true, Ready: true}},
		{Message{Ready, "0"}, true, State{Started: true}},
		{Message{Ready, "0x"}, false, State{Started: true}},
		{Message{Live, "0 stuck"}, true, State{Started: true, Dead: true, Why: "stuck"}},
		{Message{Live, "1"}, true, State{Started: true}},
		{Message{Watchdog, "1"}, true, State{Started: true, Beats: 1}},
		{Message{Watchdog, "2"}, false, State{Started: true, Beats: 1}},
		{Message{Watchdog, "trigger"}, true, State{Started: true, Beats: 1, Dead: true, Why: "WATCHDOG=trigger"}},
		{Message{Live, "1"}, true, State{Started: true, Beats: 1}},
		{Message{Status, "warming up"}, true, State{Started: true, Beats: 1, Status: "warming up"}},
		{Message{Stopping, "1"}, true, State{Started: true, Beats: 1, Status: "warming up", Stopping: true}},
		{Message{ExtendTimeout, "1000000"}, true, State{Started: true, Beats: 1, Status: "warming up", Stopping: true, Extensions: 1, Extend: 1e9}},
		{Message{ExtendTimeout, "18446744073709551615"}, true, State{Started: true, Beats: 1, Status: "warming up", Stopping: true, Extensions: 2, Extend: maxExtend}},
		{Message{ExtendTimeout, "-1"}, false, State{Started: true, Beats: 1, Status: "warming up", Stopping: true, Extensions: 2, Extend: maxExtend}},
		{Message{"MAINPID", "1"}, false, State{Started: true, Beats: 1, Status: "warming up", Stopping: true, Extensions: 2, Extend: maxExtend}},
	}
	for i, c := range steps {
		if ok := s.Apply(c.m); ok != c.ok || s != c.want {
			t.Fatalf("step %d, %q: %v, %+v; want %v, %+v", i, c.m, ok, s, c.ok, c.want)
		}
	}
	if got := s.Lasting(); got != (State{Started: true, Status: "warming up", Stopping: true}) {
		t.Errorf("lasting: %+v", got)
	}
}

// FuzzDecoder: any bytes, cut anywhere, give the same messages, each of which survives being written and read again.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("READY=1\nSTATUS=x\nWATCHDOG=1\n"), uint16(3))
	f.Add([]byte("STATUS=\x1b[31m\xff\xfe\nREADY=0 \u202e\n"), uint16(9))
	f.Add(append(bytes.Repeat([]byte("A"), 3000), "\nREADY=1\n"...), uint16(1024))
	f.Add([]byte("EXTEND_TIMEOUT_USEC=99999999999999999999\nLIVE=0 \n=\n"), uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		whole, refused := decode(string(in))
		n := min(int(at), len(in))
		parts, again := decode(string(in[:n]), string(in[n:]))
		if !reflect.DeepEqual(whole, parts) || refused != again {
			t.Fatalf("cut at %d: %q (%d), whole: %q (%d)", n, parts, again, whole, refused)
		}
		var s State
		for _, m := range whole {
			s.Apply(m)
			if text := m.Value + s.Status + s.Unready + s.Why; !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("unsafe to print: %q", text)
			}
			if len(s.Status) > MaxLine || len(s.Unready) > MaxLine*3 || len(s.Why) > MaxLine*3 {
				t.Fatalf("too long: %d, %d, %d", len(s.Status), len(s.Unready), len(s.Why))
			}
			line := Append(nil, m)
			if len(line) > MaxLine || bytes.Count(line, []byte{'\n'}) != 1 {
				t.Fatalf("%q becomes %q", m, line)
			}
			if back, _ := decode(string(line)); len(back) != 1 || len(line) < MaxLine-utf8.UTFMax && back[0] != m {
				t.Fatalf("%q becomes %q becomes %q", m, line, back)
			}
		}
	})
}
