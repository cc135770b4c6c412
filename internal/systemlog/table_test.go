package systemlog

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	ids, kinds, last := map[int]string{}, map[string]bool{}, 0
	for _, e := range Table() {
		if ids[e.ID] != "" || kinds[e.Kind] || e.ID <= last || e.ID < 1001 || e.ID > 1199 {
			t.Errorf("event %d %s: the id or the kind is another's, or isn't in order", e.ID, e.Kind)
		}
		ids[e.ID], kinds[e.Kind], last = e.Kind, true, e.ID
		if !strings.Contains(e.Text, "%1") || !strings.HasSuffix(e.Text, ".") || e.Meaning == "" {
			t.Errorf("event %d: text %q, meaning %q", e.ID, e.Text, e.Meaning)
		}
		if rest := strings.NewReplacer("%1", "", "%2", "", "%3", "").Replace(e.Text); strings.ContainsAny(rest, "%\r\n") {
			t.Errorf("event %d: FormatMessage takes %q for something else", e.ID, e.Text)
		}
		if id := e.Identifier(); id>>30 != uint32(e.Severity) || id&0xFFFF != uint32(e.ID) || id>>29&1 != 1 || id>>16&0x1FFF != 0 {
			t.Errorf("event %d has the identifier %08x", e.ID, id)
		}
		if got := Find(e.Kind); got.ID != e.ID {
			t.Errorf("%s is found as %d", e.Kind, got.ID)
		}
	}
	if got := Find("no such kind"); got.ID != 1199 {
		t.Errorf("an unknown kind is %d", got.ID)
	}
}

// stable is a promise to those who have filters for these ids: it may only grow.
func TestIDsAreStable(t *testing.T) {
	stable := map[int]string{
		1001: "serviceStarted", 1002: "recoveredAfterBoot", 1003: "serviceStopped", 1004: "escalated", 1005: "keeperFailed",
		1006: "supervisorReplaced", 1007: "reloaded", 1008: "reloadRefused", 1009: "definitionRefused", 1010: "warning",
		1011: "logLoss", 1012: "logLossEnded", 1013: "eventsLost", 1014: "stopOverdue", 1015: "suspended", 1016: "wokeUp",
		1017: "sessionChanged", 1018: "controlReceived", 1019: "serviceFailed", 1020: "upgraded", 1021: "upgradeFailed", 1116: "hookDone", 1117: "hookFailed", 1101: "waiting", 1102: "starting", 1103: "started",
		1104: "ready", 1105: "notReady", 1106: "unhealthy", 1107: "exited", 1108: "restarting", 1109: "backoff", 1110: "stopping",
		1111: "stopped", 1112: "completed", 1113: "failed", 1114: "paused", 1115: "resumed", 1190: "heartbeat", 1191: "lagged", 1199: "unknown",
	}
	for _, e := range Table() {
		if stable[e.ID] != e.Kind {
			t.Errorf("event %d is %s and was %q: an id never changes its meaning; add a new one here too", e.ID, e.Kind, stable[e.ID])
		}
		delete(stable, e.ID)
	}
	if len(stable) > 0 {
		t.Errorf("events are gone: %v", stable)
	}
}

// TestPage holds docs/events.md to the table.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| 1") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	table := Table()
	for i, e := range table {
		where := "yes"
		if e.Quiet {
			where = "no"
		}
		row := fmt.Sprintf("| %d | `%s` | %s | %s | %s | %s | `%s` |", e.ID, e.Kind, e.Severity, where, e.Text, e.Meaning, e.MessageID())
		if i >= len(rows) || rows[i] != row {
			t.Errorf("docs/events.md must have as row %d of its table:\n%s", i+1, row)
		}
	}
	if len(rows) != len(table) {
		t.Errorf("the page has %d rows, there are %d events", len(rows), len(table))
	}
}

func TestPlain(t *testing.T) {
	secrets := []string{"hunter22", "--token=tok_123456", "-v", "8080", "true"}
	for reason, want := range map[string]string{
		"exit code 1; restarted at once":                                    "exit code 1; restarted at once",
		"preStop failed: exit code 2: \"drain: hunter22 \\\"x\\\"\"; go on": "preStop failed: exit code 2: \"…\"; go on",
		"it said \"never closed hunter22":                                   "it said \"…\"",
		"GET http://127.0.0.1:80/h?key=abc failed":                          "GET http://127.0.0.1:80/h?… failed",
		"it is true, not untrue nor truely; true":                           "it is ***, not untrue nor truely; ***",
		"really? yes": "really? yes",
		"two\r\nlines\tand a hunter22 in --token=tok_123456 -v.": "two lines and a *** in *** -v",
		"bad \xff bytes": "bad \uFFFD bytes",
	} {
		if got := Plain(reason, secrets); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
	if got := Plain(strings.Repeat("ä", 1000), nil); len(got) > maxReason+len("…") || !strings.HasSuffix(got, "ä…") {
		t.Errorf("a long reason has %d bytes and ends with %q", len(got), got[len(got)-6:])
	}
	for reason := range map[string]bool{"x \"hunter22\" ?": true, "hunter22hunter22": true, "a/b?hunter22": true} {
		if strings.Contains(Plain(reason, secrets), "hunter22") {
			t.Errorf("%q gives a secret away", reason)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(`it answers "x`, "secret")
	f.Fuzz(func(t *testing.T, reason, secret string) {
		got := Plain(reason, []string{secret})
		if len(got) > maxReason+len("…") || strings.ContainsAny(got, "\r\n\x00") && !strings.Contains(reason, "\x00") {
			t.Errorf("%q", got)
		}
	})
}
