package readers

import (
	"os/user"
	"strconv"
	"strings"
	"testing"
)

// TestOf: an account beats a group of its name, group: is a group in any case, numbers need no entry, and who isn't there lets nobody in.
func TestOf(t *testing.T) {
	daemon, err := user.Lookup("daemon")
	if err != nil {
		t.Skipf("SKIPPED: this machine has no account daemon: %v", err)
	}
	group, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skipf("SKIPPED: this machine has no group daemon: %v", err)
	}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"daemon", "daemon", "1"}, "u" + daemon.Uid},
		{[]string{"group:daemon"}, "g" + group.Gid},
		{[]string{"4711", "group:4712", "group:90"}, "u4711,g90,g4712"},
	} {
		got, unknown := Of(c.names)
		if got.String() != c.want || len(unknown) > 0 {
			t.Errorf("%q are %q, want %q; %v", c.names, got, c.want, unknown)
		}
		if again, err := Parse(got.String()); err != nil || !again.Equal(got) {
			t.Errorf("%q are read as %q: %v", got, again, err)
		}
	}
	got, unknown := Of([]string{"nobody-has-this-name", "group:nor-this", `CORP\ops`, "4711"})
	if got.String() != "u4711" || len(unknown) != 3 || !strings.Contains(unknown[0].Error(), "nobody-has-this-name") {
		t.Errorf("of unknown ones: %q, %v", got, unknown)
	}
}

func TestHas(t *testing.T) {
	s := Set{UIDs: []uint32{33}, GIDs: []uint32{100}}
	for _, c := range []struct {
		uid  uint32
		gids []uint32
		want bool
	}{{33, nil, true}, {34, []uint32{7, 100}, true}, {34, []uint32{33}, false}, {100, nil, false}, {0, nil, false}} {
		if got := s.Has(c.uid, c.gids...); got != c.want {
			t.Errorf("user %d of %v: %v", c.uid, c.gids, got)
		}
	}
}

// TestParseRefuses: what comes from another process is a list of numbers, or nothing.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"u", "33", "x33", "u-1", "u33,,g", "u" + strconv.Itoa(1<<32)} {
		if s, err := Parse(text); err == nil {
			t.Errorf("%q is %v", text, s)
		}
	}
}
