package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// fellInShop is a record of 200 s on a machine that isn't this one: api falls and stands after 2.5 s, worker gives up after 100 s.
const fellInShop = `{"seq":1,"t":1,"at":"2026-11-22T03:00:00Z","type":"boot","boot":"other","monoMs":3600000,"start":"serviceStarted"}
{"seq":2,"t":1,"at":"2026-11-22T03:00:00Z","type":"wanted","program":"api"}
{"seq":3,"t":1,"at":"2026-11-22T03:00:00Z","type":"wanted","program":"worker"}
{"seq":4,"t":50001,"at":"2026-11-22T03:00:50Z","type":"begin","incident":{"id":"4","service":"shop","program":"api","generation":3,"kind":"livenessProbe","cause":"livenessProbe failed 3 times in a row:\n\u001b[31mred","falls":1,"restarts":0,"detected":"2026-11-22T03:00:50Z","downMs":0,"outcome":"open","fromT":50001,"downSinceT":50001}}
{"seq":5,"t":52501,"at":"2026-11-22T03:00:52.5Z","type":"recovered","incident":{"id":"4","service":"shop","program":"api","generation":3,"kind":"livenessProbe","cause":"livenessProbe failed 3 times in a row:\n\u001b[31mred","falls":1,"restarts":1,"detected":"2026-11-22T03:00:50Z","recovered":"2026-11-22T03:00:52.5Z","recoveredAfterMs":2500,"downMs":2500,"recoveredGeneration":4,"outcome":"recovered","fromT":50001,"untilT":52501}}
{"seq":6,"t":100001,"at":"2026-11-22T03:01:40Z","type":"closed","incident":{"id":"6","service":"shop","program":"worker","generation":1,"kind":"exit","cause":"exit code 1","falls":3,"lastCause":"exit code 3","restarts":2,"detected":"2026-11-22T03:01:40Z","downMs":0,"outcome":"gaveUp","endReason":"8 restarts within 10m0s","fromT":100001,"downSinceT":100001}}
{"seq":7,"t":200001,"at":"2026-11-22T03:03:20Z","type":"boot","boot":"other","monoMs":3800000,"start":"supervisorReplaced"}
`

// recordFalls makes three services: in shop something fell, in idle nothing, and new has no record yet.
func recordFalls(t *testing.T) {
	t.Helper()
	known(t, "new")
	if err := os.WriteFile(known(t, "shop").Incidents(), []byte(fellInShop), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _, err := incident.Open(known(t, "idle").Incidents(), incident.Options{Service: "idle", Start: incident.ServiceStarted, Reason: "start"})
	if err != nil {
		t.Fatal(err)
	}
	r.RecordWanted("api", true, "start")
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestIncidents(t *testing.T) {
	home(t)
	recordFalls(t)
	out, _ := daruma(t, ExitDone, "incidents", "shop")
	has(t, out, "WHEN", "WHAT FELL", "2.5s", "recovered", "livenessProbe failed 3 times in a row:  [31mred (run 3)",
		"gave up", "exit code 1 (run 1); fell 3 times, at last: exit code 3; 8 restarts within 10m0s", "not yet, 1m40s down",
		"Since the record begins (", "(shop: daruma was last known to run on 2026-11-", "AVAILABLE", "98.750%", "50.000%", "3m20s")
	if strings.Contains(out, "\x1b") {
		t.Error("what a program said reaches the terminal as it is")
	}
	out, _ = daruma(t, ExitDone, "incidents")
	has(t, out, "shop\n", "Nothing of idle has fallen since its record begins, on 2", "Nothing is recorded about new yet.")
	for _, args := range []string{"incidents shop/api", "incidents shop --program api", "incidents shop --since 1h --program api"} {
		out, _ = daruma(t, ExitDone, strings.Fields(args)...)
		has(t, out, "livenessProbe")
		if strings.Contains(out, "worker") {
			t.Errorf("%s shows worker:\n%s", args, out)
		}
	}
	out, _ = daruma(t, ExitDone, "incidents", "shop", "-n", "1")
	if strings.Contains(out, "livenessProbe") || !strings.Contains(out, "(1 earlier: -n 2 shows them)") {
		t.Error(out)
	}
	out, _ = daruma(t, ExitDone, "incidents", "idle", "--since", "1ms")
	has(t, out, "Nothing of idle has fallen since ")
}

func TestIncidentsJSON(t *testing.T) {
	home(t)
	if out, _ := daruma(t, ExitDone, "incidents", "-o", "json"); out != "[]\n" {
		t.Errorf("%q", out)
	}
	recordFalls(t)
	out, _ := daruma(t, ExitDone, "incidents", "shop", "-o", "json")
	var records []serviceRecord
	if err := json.Unmarshal([]byte(out), &records); err != nil || len(records) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	r := records[0]
	if r.Service != "shop" || len(r.Incidents) != 2 || r.Incidents[0].RecoveredAfter.Duration() != 2500*time.Millisecond ||
		len(r.SinceBoot.Programs) != 2 || len(r.Window.Programs) != 2 || r.SinceBoot.Programs[1].Program != "worker" ||
		r.SinceBoot.Programs[0].Percent != 98.75 || r.Since.IsZero() {
		t.Errorf("%s", out)
	}
	out, _ = daruma(t, ExitDone, "incidents", "idle", "-o", "json")
	has(t, out, `"incidents": []`)
}

func TestIncidentsErrors(t *testing.T) {
	home(t)
	out, _ := daruma(t, ExitDone, "incidents")
	has(t, out, "No service has run here yet")
	recordFalls(t)
	_, err := daruma(t, ExitFailed, "incidents", "shoop")
	has(t, err, "no service shoop is known here", "idle, new, shop")
	for _, args := range []string{"incidents Shop!", "incidents shop/", "incidents --since soon", "incidents --since -1h", "incidents --since 0d",
		"incidents -n -1", "incidents shop/api --program worker", "incidents a b", "incidents -o yaml"} {
		daruma(t, ExitUsage, strings.Fields(args)...)
	}
	// One record that can't be read hides no other.
	f := known(t, "broken")
	if err := os.Mkdir(f.Incidents(), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err = daruma(t, ExitFailed, "incidents")
	has(t, out, "livenessProbe")
	has(t, err, "broken: reading the incidents")
}

func TestTimeSpans(t *testing.T) {
	for s, want := range map[string]string{"7d": "7 days", "24h": "24h", "90m": "1h30m", "1d": "24h", "1.5s": "1.5s", "10m": "10m", "1h1s": "1h0m1s"} {
		d, err := parseDays(s)
		if got := spanOf(d); err != nil || got != want {
			t.Errorf("spanOf(%s) = %s, %v, want %s", s, got, err, want)
		}
	}
	if a := available(incident.Availability{Wanted: 1e15, Down: 1, Percent: 99.9999999}); a.Text != "99.999%" {
		t.Error(a.Text)
	}
}
