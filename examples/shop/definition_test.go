package main

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestDefinitionIsRight(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		port int
	}{
		{nil, 8080},
		{map[string]string{"SHOP_PORT": "9000"}, 9000},
	} {
		svc, err := definition.Load("daruma.yaml", func(name string) (string, bool) {
			v, ok := c.env[name]
			return v, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		api := svc.Program("api")
		if api == nil || svc.Program("worker") == nil {
			t.Fatalf("programs %+v, want api and worker", svc.Programs)
		}
		for name, got := range map[string]int{
			"startupProbe":   api.StartupProbe.Handler.HTTPGet.Port,
			"livenessProbe":  api.LivenessProbe.Handler.HTTPGet.Port,
			"readinessProbe": api.ReadinessProbe.Handler.HTTPGet.Port,
			"preStop":        api.PreStop.HTTPGet.Port,
		} {
			if got != c.port {
				t.Errorf("with %v the port of %s is %d, want %d", c.env, name, got, c.port)
			}
		}
	}
}
