package realtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// shop is the README's example, run by the README's command.
type shop struct {
	*service
	url string
}

func startShop(t *testing.T) *shop {
	t.Helper()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/daruma-sh/daruma").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(string(root))
	port := freePort(t)
	s := &shop{
		service: &service{t: t, name: "shop", home: folder(t), daruma: filepath.Join(dir, "examples", "shop", "bin", "daruma"),
			exit: 1}, // go run's own, after an interrupt, whatever its program ends with
		url: fmt.Sprintf("http://127.0.0.1:%d", port),
	}
	cmd := exec.Command("go", "run", "./examples/shop")
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), fmt.Sprintf("SHOP_PORT=%d", port), fmt.Sprintf("SHOP_WORKER_PORT=%d", freePort(t)))
	s.begin(cmd)
	s.awaitReady("api", 0)
	s.awaitReady("worker", 0)
	return s
}

// ask gives the answer to a request; a connection that the fall cut off is an answer too.
func (s *shop) ask(method, path, body string) string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if errors.Is(err, io.EOF) {
		return ""
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode >= 400 {
		s.t.Fatalf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return string(text)
}

func (s *shop) generation(program string) int {
	s.t.Helper()
	_, p := s.status(program)
	return p.Generation
}

// TestShop walks through the README, in its order, in one shop.
func TestShop(t *testing.T) {
	s := startShop(t)
	if out := s.out.String(); !strings.Contains(out, "building daruma") || !strings.Contains(out, "/crash") {
		t.Errorf("no progress or no hints in:\n%s", out)
	}
	s.ask(http.MethodPost, "/orders", "teapot")
	s.eventually("the teapot is delivered", func() bool { return strings.Contains(s.ask(http.MethodGet, "/orders", ""), `"done"`) })

	for _, path := range []string{"/crash", "/exit?code=3", "/exit?code=0", "/hang"} {
		before := s.generation("api")
		s.ask(http.MethodGet, path, "")
		s.awaitReady("api", before)
		s.ask(http.MethodGet, "/health", "")
	}
	if _, p := s.status("api"); p.Restarts != 4 {
		t.Errorf("%d restarts of the api after four falls", p.Restarts)
	}

	before := s.generation("api")
	s.ask(http.MethodGet, "/unready?seconds=2", "")
	s.await("not ready", func(e control.Event) bool { return e.Program == "api" && e.Kind == control.EventNotReady })
	s.await("ready again", func(e control.Event) bool { return e.Program == "api" && e.Kind == control.EventReady })
	if after := s.generation("api"); after != before {
		t.Errorf("a program that wasn't ready was restarted: generation %d, then %d", before, after)
	}

	before = s.generation("worker")
	s.ask(http.MethodPost, "/orders", "poison")
	s.ask(http.MethodPost, "/orders", "kettle")
	s.eventually("the poison is rejected and the kettle delivered", func() bool {
		all := s.ask(http.MethodGet, "/orders", "")
		return strings.Contains(all, `"rejected"`) && strings.Count(all, `"done"`) == 2
	})
	if after := s.generation("worker"); after != before+3 {
		t.Errorf("worker of generation %d after %d: want 3 falls by one poisoned order", after, before)
	}
	s.wantIncidents()
}

// wantIncidents compares the record with what TestShop did.
func (s *shop) wantIncidents() {
	s.t.Helper()
	var all []incident.Incident
	s.eventually("every incident is closed", func() bool {
		all = s.incidents()
		for _, i := range all {
			if i.Outcome != incident.Recovered {
				return false
			}
		}
		return len(all) > 0
	})
	falls := map[string]int{}
	hung := false
	for _, i := range all {
		falls[i.Program] += i.Falls
		hung = hung || i.Kind == incident.LivenessProbe || strings.Contains(i.LastCause, "livenessProbe")
	}
	// exit?code=0 is a fall too: the policy is Always.
	if falls["api"] != 4 || falls["worker"] != 3 || !hung {
		s.t.Errorf("falls %v, want 4 of the api (one seen by the liveness probe: %v) and 3 of the worker: %+v", falls, hung, all)
	}
}
