package servicetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service/log"
)

// journalOf gives the journal's entries of a unit's processes, oldest first.
func journalOf(t *testing.T, m *lab.Machine, unit string) []map[string]any {
	t.Helper()
	m.Output("journalctl", "--sync")
	var entries []map[string]any
	for line := range strings.Lines(m.Output("journalctl", "-o", "json", "--all", "_SYSTEMD_UNIT="+unit)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %.200q", err, line)
		}
		entries = append(entries, e)
	}
	return entries
}

// TestRealJournal: what a real journald makes of it. Each record is there once, whether stdout is the journal or not.
func TestRealJournal(t *testing.T) {
	m := lab.Linux(t)
	programIn(t, m, "linux", library+"/log/testdata/journal", "/usr/local/bin/journal")

	m.Output("systemd-run", "--wait", "--collect", "--unit=whole", "/usr/local/bin/journal")
	whole := journalOf(t, m, "whole.service")
	if len(whole) != 3 {
		t.Fatalf("%d entries, want 3: %.2000v", len(whole), whole)
	}
	for i, want := range []map[string]string{
		{"MESSAGE": "an info order=7", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "shop", "ORDER": "7", "_TRANSPORT": "journal", "EVENT_ID": "200"},
		{"MESSAGE": "two peer.ip=::1\nlines", "PRIORITY": "3", "EVENT_ID": "17", "MESSAGE_ID": log.MessageID("shop", 17), "PEER_IP": "::1"},
		{"MESSAGE": "large", "PRIORITY": "4", "TEXT": strings.Repeat("large ", 100_000)},
	} {
		for field, value := range want {
			if whole[i][field] != value {
				t.Errorf("entry %d: %s is %.100v, want %.100v", i, field, whole[i][field], value)
			}
		}
	}

	m.Output("systemd-run", "--wait", "--collect", "--unit=warnings", "-p", "StandardOutput=append:/var/log/out.log", "/usr/local/bin/journal")
	if got := journalOf(t, m, "warnings.service"); len(got) != 2 || got[0]["MESSAGE"] != "two peer.ip=::1\nlines" || got[1]["MESSAGE"] != "large" {
		t.Errorf("with stdout in a file the journal has %.2000v", got)
	}
	if got := strings.Count(m.Read("/var/log/out.log"), "\n"); got != 3 {
		t.Errorf("%d lines in the file, want 3", got)
	}
}
