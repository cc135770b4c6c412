package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestLogsShipper: what the definition says goes into the configuration; without one, what the files show.
func TestLogsShipper(t *testing.T) {
	f := withLogs(t, "shop", logfile.JSON, "api one\n", "gone two\n")
	code, out, errs := runLogs("shipper", "otel", "shop")
	for _, want := range []string{"filelog/daruma_shop_api:", "filelog/daruma_shop_gone:", "json_parser", filepath.Join(f.Logs, "api.*.log")} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
	if !strings.Contains(errs, "because no definition is found") {
		t.Errorf("stderr: %q", errs)
	}

	text := "name: shop\nprograms:\n  api: {command: [sleep, '1'], env: {A: '${NOT_SET_HERE}'}, logs: {format: json, compress: false}}\n  worker: {command: [sleep, '1']}\n"
	if err := os.MkdirAll(f.Config, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Config, definition.DefaultFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = runLogs("shipper", "filebeat", "shop")
	if code != 0 || !strings.Contains(out, "id: daruma-shop-api ") || !strings.Contains(out, "id: daruma-shop-worker ") || strings.Contains(out, "gone") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "warning: rotated files of worker are compressed") || !strings.Contains(out, "# WARNING: rotated files of worker") {
		t.Errorf("stderr: %q", errs)
	}
	code, out, errs = runLogs("shipper", "vector", "shop/api")
	if code != 0 || errs != "" || strings.Contains(out, "worker") {
		t.Errorf("exit code %d, stderr %q\n%s", code, errs, out)
	}

	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"shipper", "logstash", "shop"}, ExitUsage, "filebeat, otel, fluent-bit, vector, alloy"},
		{[]string{"shipper", "otel"}, ExitUsage, "daruma logs shipper filebeat shop"},
		{[]string{"shipper", "otel", "shop/nobody"}, ExitFailed, "no logs of a program nobody"},
		{[]string{"shipper", "otel", "bank"}, ExitFailed, "no service bank here"},
	} {
		if code, out, errs := runLogs(c.args...); code != c.code || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("%q: exit code %d, %q, %q", c.args, code, out, errs)
		}
	}
}
