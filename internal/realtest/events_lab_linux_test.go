package realtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/lab"
)

const eventsUnit = `[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/local/bin/daruma host shop /etc/shop/daruma.yaml
Environment=DARUMA_HOME=/var/lib/shop
Restart=always
RestartSec=100ms
KillMode=mixed
[Install]
WantedBy=multi-user.target
`

// loop falls 40 times, then holds still; its argument and its variable are secrets that it also prints.
const eventsDefinition = `name: shop
programs:
  api: {command: [/bin/sleep, "1000"]}
  loop:
    command: [/bin/sh, /etc/shop/loop.sh, tok_1234567]
    env: {PASSWORD: hunter22}
    backoff: {initialSeconds: 0.01, maxSeconds: 0.01}
`

const eventsLoop = `echo x >>/var/lib/count
echo "$1 $PASSWORD"
[ $(wc -l </var/lib/count) -gt 40 ] && exec sleep 1000
exit 3
`

// inJournal gives the events of the unit in the journal: "failed api", "serviceStarted".
func inJournal(t *testing.T, m *lab.Machine) (events []string, entries []map[string]string) {
	t.Helper()
	m.Output("journalctl", "--sync")
	for line := range strings.Lines(m.Output("journalctl", "-b", "-o", "json", "_SYSTEMD_UNIT=shop.service", "SYSLOG_IDENTIFIER=daruma", "--all")) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if fields["DARUMA_EVENT"] == nil {
			continue // a log record
		}
		entry := map[string]string{}
		for k, v := range fields {
			entry[k] = fmt.Sprint(v)
		}
		entries = append(entries, entry)
		events = append(events, strings.TrimSpace(entry["DARUMA_EVENT"]+" "+entry["DARUMA_PROGRAM"]))
	}
	return events, entries
}

// awaitInJournal waits until an event is there n times.
func awaitInJournal(t *testing.T, m *lab.Machine, n int, match string) {
	t.Helper()
	script := fmt.Sprintf("until [ $(journalctl --sync; journalctl -b -q -o cat --output-fields=EVENT_ID _SYSTEMD_UNIT=shop.service %s | wc -l) -ge %d ]; do sleep 0.1; done", match, n)
	if r, err := m.Run(t.Context(), "timeout", "30", "sh", "-c", script); err != nil || r.ExitCode != 0 {
		events, _ := inJournal(t, m)
		t.Fatalf("%s isn't there %d times: %v %v; there are\n%s", match, n, err, r, strings.Join(events, "\n"))
	}
}

// TestEventsInTheJournal: what a service manager's daruma tells the journal of starts, a crash loop, the death of supervisor and
// keeper, a refused definition, a boot and a stop.
func TestEventsInTheJournal(t *testing.T) {
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
	m := lab.Linux(t)
	daruma := filepath.Join(t.TempDir(), "daruma")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", daruma, "../../cmd/daruma")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	m.Copy(daruma, "/usr/local/bin/daruma")
	m.Write("/etc/shop/daruma.yaml", eventsDefinition, 0o644)
	m.Write("/etc/shop/loop.sh", eventsLoop, 0o644)
	m.Write("/etc/systemd/system/shop.service", eventsUnit, 0o644)
	m.Output("systemctl", "enable", "--now", "shop.service")
	if r, err := m.Run(t.Context(), "timeout", "60", "sh", "-c", "until [ $(wc -l </var/lib/count) -gt 40 ]; do sleep 0.1; done"); err != nil || r.ExitCode != 0 {
		t.Fatalf("the loop: %v %v", err, r)
	}
	status := func() (st control.Status) {
		t.Helper()
		r, err := m.Run(t.Context(), "env", "DARUMA_HOME=/var/lib/shop", "daruma", "status", "shop", "-o", "json")
		if err != nil || json.Unmarshal(r.Stdout, &st) != nil || st.KeeperPID == 0 {
			t.Fatalf("daruma status: %v %v", err, r)
		}
		return st
	}
	m.Output("sh", "-c", fmt.Sprint("kill -9 ", status().SupervisorPID))
	awaitInJournal(t, m, 1, "DARUMA_EVENT=supervisorReplaced")
	events, entries := inJournal(t, m)
	slices.Sort(events)
	want := []string{"backoff loop", "ready api", "ready loop", "restarting loop", "serviceStarted", "started api", "started loop", "supervisorReplaced"}
	if !slices.Equal(events, want) {
		t.Errorf("40 falls and the death of a supervisor gave\n%s\nwant\n%s", strings.Join(events, "\n"), strings.Join(want, "\n"))
	}
	i := slices.IndexFunc(entries, func(e map[string]string) bool { return e["DARUMA_EVENT"] == "backoff" })
	if e := entries[i]; e["EVENT_ID"] != "1109" || e["PRIORITY"] != "4" || e["DARUMA_SERVICE"] != "shop" || !strings.Contains(e["MESSAGE"], "exit code 3") {
		t.Errorf("the crash loop's event: %v", e)
	}

	m.Write("/etc/shop/daruma.yaml", strings.ReplaceAll(eventsDefinition, "initialSeconds: 0.01", "initialSeconds: hunter22"), 0o644)
	m.Output("sh", "-c", fmt.Sprint("kill -HUP ", status().KeeperPID))
	awaitInJournal(t, m, 1, "DARUMA_EVENT=reloadRefused")
	m.Write("/etc/shop/daruma.yaml", eventsDefinition, 0o644)
	m.Output("sh", "-c", fmt.Sprint("kill -9 ", status().KeeperPID))
	awaitInJournal(t, m, 1, "DARUMA_EVENT=keeperFailed")
	awaitInJournal(t, m, 2, "DARUMA_EVENT=started DARUMA_PROGRAM=api")
	_, entries = inJournal(t, m)
	for _, e := range entries {
		if text := fmt.Sprint(e["MESSAGE"], e["DARUMA_REASON"]); strings.Contains(text, "tok_") || strings.Contains(text, "hunter") {
			t.Errorf("a secret: %s", text)
		}
	}
	m.Reboot()
	awaitInJournal(t, m, 1, "DARUMA_EVENT=recoveredAfterBoot")
	m.Output("systemctl", "stop", "shop.service")
	awaitInJournal(t, m, 1, "DARUMA_EVENT=serviceStopped")
	_, entries = inJournal(t, m)
	if e := entries[len(entries)-1]; e["MESSAGE"] != "Service shop was stopped: asked to terminate (SIGTERM)." || e["PRIORITY"] != "6" {
		t.Errorf("the last event: %v", e)
	}
}
