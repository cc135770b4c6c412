package unitfile

import (
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Nanosecond: "1us", 1500 * time.Nanosecond: "2us", time.Millisecond: "1ms", 1500 * time.Millisecond: "1500ms", time.Hour: "3600s",
	} {
		if got := Time(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	before := Parse("# c\n[Unit]\nAfter=a.service\nAfter=b.service\n[Service]\nExecStart=/bin/x \\\n; in between\n  y\nRestart=no\n[Install]\nWantedBy=x")
	same := Unit{{"Service", "ExecStart", "/bin/x  y"}, {"Service", "Restart", "no"}, {"Unit", "After", "a.service"}, {"Unit", "After", "b.service"}, {"Install", "WantedBy", "x"}}
	if diff := Diff(before, same); len(diff) > 0 {
		t.Errorf("the same in another order differs: %v", diff)
	}
	after := Unit{{"Unit", "After", "b.service"}, {"Service", "ExecStart", "/bin/x  y"}, {"Service", "Restart", "no"}, {"Service", "RestartSec", "1s"}}
	var got []string
	for _, c := range Diff(before, after) {
		got = append(got, c.Setting+": "+c.From+" → "+c.To)
	}
	want := "Unit.After: a.service, b.service → b.service|Service.RestartSec:  → 1s|Install.WantedBy: x → "
	if strings.Join(got, "|") != want {
		t.Errorf("differences %q, want %q", got, want)
	}
}
