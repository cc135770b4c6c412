package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// TestZeroHost: a function that takes a Host can be tested with the zero one.
func TestZeroHost(t *testing.T) {
	host := &Host{}
	host.Ready()
	host.SetStatus("at work")
	host.ExtendTimeout(time.Minute)
	host.Heartbeat()
	host.Stopping()
	host.Health().Readiness(Check{Name: "never", Run: func(context.Context) error { t.Error("a check ran"); return nil }})
	host.Health().Liveness(Check{Name: "never", Run: func(context.Context) error { t.Error("a check ran"); return nil }})
	if live, ready := host.Health().LivenessReport(), host.Health().ReadinessReport(); !live.OK || ready.OK {
		t.Errorf("alive %+v, ready %+v", live, ready)
	}
	if _, err := host.Health().Serve("127.0.0.1:0"); err == nil {
		t.Error("the health of no service is served")
	}
	if host.Log() != slog.Default() || host.Environment() != EnvTerminal || len(host.Arguments()) != 0 || host.StopContext().Err() != nil {
		t.Error("log, environment, arguments or StopContext of the zero Host")
	}
	for name := range host.Listeners() {
		t.Errorf("a listener %q was inherited", name)
	}
}

// TestZeroHostServes: the one method that does more than report.
func TestZeroHostServes(t *testing.T) {
	host := &Host{}
	l, err := host.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	go func() { served <- host.Serve(ctx, &http.Server{Handler: handler}, l) }()
	answer, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil || string(body) != "hello" {
		t.Errorf("%q, %v", body, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
