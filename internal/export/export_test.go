package export_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/daruma-sh/daruma/internal/export"
	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/metrics"
)

// described are the names of the observer's metrics, with those that a histogram is shown as.
func described(t *testing.T) []string {
	t.Helper()
	descs := make(chan *prometheus.Desc, 1000)
	metrics.NewCollector(observe.New("", nil), "v1").Describe(descs)
	close(descs)
	fqName := regexp.MustCompile(`fqName: "([^"]+)"`)
	var names []string
	for d := range descs {
		name := fqName.FindStringSubmatch(d.String())[1]
		names = append(names, name, name+"_bucket", name+"_count", name+"_sum")
	}
	return names
}

// TestMetricsExist: nothing is alerted on or drawn that the observer doesn't have.
func TestMetricsExist(t *testing.T) {
	known := described(t)
	name := regexp.MustCompile(`daruma_[a-z_]+`)
	for what, text := range map[string]string{"rules": export.PrometheusRules(), "dashboard": export.GrafanaDashboard()} {
		found := name.FindAllString(text, -1)
		if len(found) < 8 {
			t.Errorf("%s: only %q", what, found)
		}
		for _, n := range found {
			if !slices.Contains(known, n) {
				t.Errorf("%s: the observer has no metric %s", what, n)
			}
		}
	}
}

// TestEveryAlertIsTested: promtool's cases name each alert.
func TestEveryAlertIsTested(t *testing.T) {
	cases, err := os.ReadFile("testdata/prometheus-rules-tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(export.PrometheusRules()), &rules); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			if !strings.Contains(string(cases), "alertname: "+r.Alert+"\n    exp_alerts:\n    - ") {
				t.Errorf("no case in which %s fires", r.Alert)
			}
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a severity, a summary or a description", r.Alert)
			}
		}
	}
	if n < 8 {
		t.Errorf("%d alerts", n)
	}
}

// TestPromtool has Prometheus' own program look at the rules.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatal(err)
		}
		t.Skip("promtool isn't there (Debian: prometheus): Prometheus' own look at the rules and its tests of them are skipped")
	}
	for _, args := range [][]string{{"check", "rules", "prometheus-rules.yaml"}, {"test", "rules", "testdata/prometheus-rules-tests.yaml"}} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

func TestDashboard(t *testing.T) {
	var d struct {
		Title  string
		Panels []struct {
			ID                 int
			Title, Description string
			GridPos            struct{ X, Y, W, H int }
			Targets            []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(export.GrafanaDashboard()), &d); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.Description == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("a panel is wrong: %+v", p)
		}
		ids[p.ID] = true
	}
	if len(d.Panels) < 12 || d.Title == "" {
		t.Errorf("%d panels, title %q", len(d.Panels), d.Title)
	}
}

func TestProvisionGrafana(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "dash: boards #1")
	if _, err := export.ProvisionGrafana(folder); !os.IsNotExist(err) {
		t.Errorf("into a folder that isn't there: %v", err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	written, err := export.ProvisionGrafana(folder)
	if err != nil || len(written) != 2 {
		t.Fatalf("%q, %v", written, err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "daruma.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct{ Options struct{ Path string } }
	}
	if err := yaml.Unmarshal(text, &p); err != nil || p.APIVersion != 1 || len(p.Providers) != 1 || p.Providers[0].Options.Path != folder {
		t.Errorf("Grafana would read %+v (%v) from\n%s", p, err, text)
	}
	if got, err := os.ReadFile(filepath.Join(folder, "daruma.json")); err != nil || string(got) != export.GrafanaDashboard() {
		t.Errorf("the dashboard isn't what it should be: %v", err)
	}
}
