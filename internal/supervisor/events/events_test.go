package events

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

// loaded gives the definition of text, or its errors.
func loaded(t *testing.T, text string) (*definition.Service, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "daruma.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return definition.Load(file, func(string) (string, bool) { return "", false })
}

const secretive = `name: shop
programs:
  api:
    command: [/bin/api, serve, --token=tok_1, "p w"]
    env: {PASSWORD: hunter22}
    livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: Authorization, value: Bearer abc}]}}
    lifecycle: {preStop: {exec: {command: [/bin/drain, --key=k1]}}}
  worker: {command: [/bin/worker, --dsn=postgres]}
`

func TestSecrets(t *testing.T) {
	def, err := loaded(t, secretive)
	if err != nil {
		t.Fatal(err)
	}
	api := []string{"--token=tok_1", "p w", "hunter22", "--key=k1", "Bearer abc"}
	if got := secrets(def, "api"); !slices.Equal(got, api) {
		t.Errorf("of api: %q, want %q", got, api)
	}
	if got := secrets(def, ""); !slices.Equal(got, append(api, "--dsn=postgres")) {
		t.Errorf("of all programs: %q", got)
	}
}

// A refused definition is told with its places, and not with what stands there.
func TestPlacesTellNoValues(t *testing.T) {
	_, err := loaded(t, "name: shop\nprograms:\n  api:\n    command: [x]\n    terminationGracePeriodSeconds: hunter22\n    env: {A: [hunter22]}\n")
	var wrong definition.Errors
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "hunter22") {
		t.Fatalf("the errors say too little for this test: %v", err)
	}
	got := Places(wrong)
	if strings.Contains(got, "hunter22") || !strings.HasPrefix(got, "2 errors, the first at ") || !strings.Contains(got, "daruma.yaml:5:36 (programs.api.terminationGracePeriodSeconds)") {
		t.Error(got)
	}
}
