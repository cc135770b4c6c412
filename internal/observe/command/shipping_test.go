package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretInHeaders: a header that seems to be a secret is warned of by its name, and its value is on no screen.
func TestSecretInHeaders(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "observe.yaml")
	text := "shipping: {targets: {a: {type: otlp, url: https://store.example.com, headers: {X-Api-Key: hunter2, X-Scope-OrgID: shop}}}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	code := Main([]string{"--check", file}, &out, &errs)
	if said := errs.String(); code != 0 || strings.Count(said, "\n") != 1 || strings.Contains(said+out.String(), "hunter2") ||
		!strings.HasPrefix(said, "daruma observe: warning: shipping.targets.a.headers.X-Api-Key: seems to be a secret") {
		t.Errorf("%d, %q", code, said)
	}
}
