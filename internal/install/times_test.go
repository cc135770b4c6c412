package install

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/hosting"
)

func parsed(t *testing.T, text string) *definition.Service {
	t.Helper()
	def, err := definition.Parse([]byte(text), "daruma.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func TestTimesOfADefinition(t *testing.T) {
	const programs = `name: shop
programs:
  db:     {command: [x], terminationGracePeriodSeconds: 60}
  api:    {command: [x], terminationGracePeriodSeconds: 20, dependsOn: {db: ready}, startupProbe: {tcpSocket: {port: 1}, initialDelaySeconds: 5, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 30}}
  worker: {command: [x], terminationGracePeriodSeconds: 5, dependsOn: {api: ready, db: started}}
  alone:  {command: [x], terminationGracePeriodSeconds: 70}
`
	got := timesOf(parsed(t, programs))
	if want := (60 + 20 + 5 + 10) * time.Second; got.Stop != want { // the chain, and the margin
		t.Errorf("a stop may take %v, want %v", got.Stop, want)
	}
	if got.Start != hosting.StartTimeout {
		t.Errorf("a start may take %v, want %v", got.Start, hosting.StartTimeout)
	}
	got = timesOf(parsed(t, "reportRunning: ready\n"+programs))
	if want := (5 + 30*3 + 30) * time.Second; got.Start != want {
		t.Errorf("getting ready may take %v, want %v", got.Start, want)
	}
}
