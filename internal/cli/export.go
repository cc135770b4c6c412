package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/export"
)

func newExport(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print what other systems need: alerts for Prometheus, a dashboard for Grafana",
		Example: `  daruma export prometheus-rules > /etc/prometheus/daruma.rules.yml
  daruma export grafana-dashboard --provisioning /etc/grafana/provisioning/dashboards`,
	}
	cmd.AddCommand(newExportRules(std), newExportDashboard(std))
	return cmd
}

func newExportRules(std IO) *cobra.Command {
	return &cobra.Command{
		Use:   "prometheus-rules",
		Short: "Print alerts for Prometheus",
		Long: `Print a rules file for Prometheus: alerts on programs that aren't ready, crash in a loop, have failed, lose output or
stand again slowly, on supervisors that were replaced, and on an application's own request rate and 95th percentile.

Prometheus reads it where its configuration names it, below rule_files. The metrics are those of daruma observe.`,
		Example: `  daruma export prometheus-rules > /etc/prometheus/daruma.rules.yml
  promtool check rules /etc/prometheus/daruma.rules.yml`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return printText(std, export.PrometheusRules()) },
	}
}

func newExportDashboard(std IO) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "grafana-dashboard",
		Short: "Print a dashboard for Grafana, or put it where Grafana reads it",
		Long: `Print a dashboard for Grafana: what isn't ready, each program's ups and downs, restarts by cause, the time until it stands
again, CPU, memory, open files, probes and output. Import it in Grafana, or have it written where Grafana reads it at its start.`,
		Example: `  daruma export grafana-dashboard > daruma.json
  sudo daruma export grafana-dashboard --provisioning /etc/grafana/provisioning/dashboards`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if folder == "" {
				return printText(std, export.GrafanaDashboard())
			}
			written, err := export.ProvisionGrafana(folder)
			if err != nil {
				return &exitError{code: ExitFailed, err: fmt.Errorf("writing the dashboard: %w", err)}
			}
			return printText(std, "written: "+strings.Join(written, "\nwritten: ")+"\nGrafana reads them when it is started again.\n")
		},
	}
	cmd.Flags().StringVar(&folder, "provisioning", "", "write it and its provider file into this `folder` of Grafana")
	return cmd
}

func printText(std IO, text string) error {
	if _, err := io.WriteString(std.Out, text); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
