package supervisor

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/incident"
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
	got := places(wrong)
	if strings.Contains(got, "hunter22") || !strings.HasPrefix(got, "2 errors, the first at ") || !strings.Contains(got, "daruma.yaml:5:36 (programs.api.terminationGracePeriodSeconds)") {
		t.Error(got)
	}
	if list, place := problems(err); len(list) != 2 || place != got {
		t.Errorf("%q, %q", list, place)
	}
	if list, place := problems(errors.New("no such file")); len(list) != 1 || place != "no such file" {
		t.Errorf("%q, %q", list, place)
	}
}

// told gives the one event that f publishes.
func told(t *testing.T, found incident.Found, end *ending, f func(*supervisor)) control.Event {
	t.Helper()
	s := &supervisor{def: &definition.Service{Programs: make([]definition.Program, 2)}, found: found, ending: end, hub: control.NewHub(0), log: slog.New(slog.DiscardHandler)}
	f(s)
	if s.hub.Last() == 0 {
		return control.Event{}
	}
	events, err := s.hub.Since(t.Context(), 0, make([]control.Event, 0, 2))
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	return events[0]
}

func TestHowTheServiceBeginsAndEnds(t *testing.T) {
	for _, c := range []struct {
		found incident.Found
		kind  control.EventKind
		id    int
		words string
	}{
		{incident.Found{}, control.EventServiceStarted, 1001, "2 programs, daruma "},
		{incident.Found{Booted: true}, control.EventRecoveredAfterBoot, 1002, "stopped in order"},
		{incident.Found{Booted: true, Down: incident.Machine}, control.EventRecoveredAfterBoot, 1002, "went down while it ran"},
		{incident.Found{Down: incident.Keeper}, control.EventKeeperFailed, 1005, "started again"},
	} {
		if e := told(t, c.found, nil, (*supervisor).publishStart); e.Kind != c.kind || e.EventID != c.id || !strings.Contains(e.Reason, c.words) {
			t.Errorf("%+v: %+v", c.found, e)
		}
	}
	if e := told(t, incident.Found{}, &ending{reason: "all programs are completed"}, (*supervisor).publishEnd); e.Kind != control.EventServiceStopped || e.Reason != "all programs are completed" {
		t.Errorf("%+v", e)
	}
	for _, end := range []*ending{nil, {failed: true}} {
		if e := told(t, incident.Found{}, end, (*supervisor).publishEnd); e.Kind != "" {
			t.Errorf("%+v: %+v", end, e)
		}
	}
}
