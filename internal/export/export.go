// Package export gives what other systems need to work with daruma: alerts for Prometheus, a dashboard for Grafana.
//
// What it promises: the files name metrics that the observer has, and no others (a test compares them); the rules pass Prometheus' own
// promtool with a case for each alert. What it leaves to others: the metrics themselves (observe/metrics), writing to a screen (cli).
package export

import (
	_ "embed" // the files
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/daruma-sh/daruma/internal/safefile"
)

//go:embed prometheus-rules.yaml
var prometheusRules string

//go:embed grafana-dashboard.json
var grafanaDashboard string

// provider tells Grafana of the dashboards in a folder. Source: https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards
const provider = `# Grafana reads this file at its start, and the dashboards beside it as they change. From: daruma export grafana-dashboard
apiVersion: 1
providers:
- name: daruma
  type: file
  allowUiUpdates: true
  options:
    path: `

// PrometheusRules is a rules file of Prometheus 2.0 and later.
func PrometheusRules() string { return prometheusRules }

// GrafanaDashboard is a dashboard for Grafana 10 and later; it asks for its Prometheus where it is opened.
func GrafanaDashboard() string { return grafanaDashboard }

// ProvisionGrafana writes the dashboard and the file that tells Grafana of it into folder, which is Grafana's provisioning/dashboards,
// and gives the paths of both. The folder must exist. Files of these names are replaced.
func ProvisionGrafana(folder string) ([]string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	quoted, err := yaml.Marshal(folder)
	if err != nil {
		return nil, err
	}
	files := []struct{ name, text string }{{"daruma.json", grafanaDashboard}, {"daruma.yaml", provider + string(quoted)}}
	var written []string
	for _, f := range files {
		path := filepath.Join(folder, f.name)
		if err := safefile.Replace(path, []byte(f.text), 0o644); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return written, nil
}
