package realtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/export"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// message is what a channel of type webhook gets.
type message struct{ Title, Text string }

// chat is a test server in the place of a chat.
type chat struct {
	url      string
	messages chan message
}

func newChat(t *testing.T) chat {
	t.Helper()
	c := chat{messages: make(chan message, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m message
		if err := json.NewDecoder(r.Body).Decode(&m); err == nil {
			c.messages <- m
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// await gives the first message with these words, and how long it took.
func (c chat) await(t *testing.T, words string) time.Duration {
	t.Helper()
	begin, late := time.Now(), time.After(patience)
	var seen []message
	for {
		select {
		case m := <-c.messages:
			seen = append(seen, m)
			if strings.Contains(m.Title+"\n"+m.Text, words) {
				return time.Since(begin)
			}
		case <-late:
			t.Fatalf("no message with %q; there came %+v", words, seen)
		}
	}
}

// daemon starts a program that the test's end ends.
func daemon(t *testing.T, name string, args ...string) {
	t.Helper()
	var log strings.Builder
	cmd := exec.Command(located(name), args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said\n%s", name, log.String())
		}
	})
}

// TestAlertsReachTheChat: with Debian's Prometheus and Alertmanager, from a program that is killed, and one that hangs, to the message.
func TestAlertsReachTheChat(t *testing.T) {
	require(t, "prometheus", "prometheus-alertmanager")
	dir := folder(t)
	port := freePort(t)
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  fallen: {command: [sleep, "1000"], backoff: {initialSeconds: 0.01, maxSeconds: 0.01}}
  hung:
    command: [%[2]s, http, -addr, "127.0.0.1:%[1]d"]
    readinessProbe: {httpGet: {path: /health, port: %[1]d}, periodSeconds: 0.2, failureThreshold: 1}
`, port, testbin.Path(t)))
	s.awaitReady("fallen", 0)
	s.awaitReady("hung", 0)

	people := newChat(t)
	settings := filepath.Join(dir, "observe.yaml")
	write(t, settings, fmt.Sprintf("folder: %s\nnotices:\n  alertmanager: {}\n  channels: {people: {type: webhook, url: %q, kinds: [alert]}}\n", filepath.Join(dir, "observer"), people.url))
	o := observe(t, s.home, os.Geteuid(), settings)
	address := strings.TrimSuffix(strings.TrimPrefix(o.url, "http://"), "/metrics")

	alertmanager, prometheus := freePort(t), freePort(t)
	write(t, filepath.Join(dir, "alertmanager.yml"), fmt.Sprintf(`
route: {receiver: daruma, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers:
- {name: daruma, webhook_configs: [{url: "http://%s/alertmanager"}]}
`, address))
	// Quicker than anybody would want it, so that the test doesn't take minutes.
	write(t, filepath.Join(dir, "rules.yml"), strings.NewReplacer("for: 2m", "for: 1s", "[10m]", "[1m]").Replace(export.PrometheusRules()))
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%d"]}]}]}
scrape_configs:
- {job_name: daruma, static_configs: [{targets: [%q]}]}
`, alertmanager, address))
	daemon(t, "prometheus-alertmanager", "--config.file="+filepath.Join(dir, "alertmanager.yml"), "--storage.path="+filepath.Join(dir, "am"),
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", alertmanager), "--cluster.listen-address=")
	daemon(t, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", prometheus))
	s.eventually("Prometheus has looked at the observer twice", func() bool {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/v1/query?query=count_over_time(daruma_program_up[1m])>=2", prometheus))
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		var found struct{ Data struct{ Result []any } }
		return json.NewDecoder(answer.Body).Decode(&found) == nil && len(found.Data.Result) == 2
	})

	if answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/hang", port)); err != nil {
		t.Fatal(err)
	} else {
		answer.Body.Close()
	}
	t.Logf("from the hang to the message: %v", people.await(t, "real/hung hasn't been ready").Round(time.Millisecond))
	for n := range 10 {
		_, st := s.status("fallen")
		kill(t, st.PID)
		s.awaitReady("fallen", n+1)
	}
	t.Logf("from the tenth fall to the message: %v", people.await(t, "real/fallen was restarted").Round(time.Millisecond))
}
