package command

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// A service that doesn't let the observer in is named once with what to do, and once when it does; one that doesn't run isn't.
func TestClosedServicesAreSaid(t *testing.T) {
	t.Setenv("DARUMA_SERVICE", "daruma-observe")
	var errs bytes.Buffer
	shut := map[string]error{"shop": &control.PermissionError{Service: "shop"}, "down": control.ErrNotRunning, "hidden": control.ErrNotRunning, "odd": errors.New("odd")}
	c := &closed{errs: &errs, services: func() ([]string, error) { return []string{"down", "hidden", "odd", "open", "shop"}, nil },
		knock:  func(_ context.Context, service string) error { return shut[service] },
		hidden: func(service string) bool { return service == "hidden" }}
	said := func() string {
		errs.Reset()
		c.look(t.Context())
		return errs.String()
	}
	if got := said(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "service hidden doesn't run, or doesn't let this observer in: write") || !strings.Contains(got, "service shop doesn't let this observer in: write control: {readers: [daruma-observe]}") {
		t.Errorf("at first: %s", got)
	}
	if got := said(); got != "" {
		t.Errorf("twice: %s", got)
	}
	delete(shut, "shop")
	if got := said(); !strings.Contains(got, "shop isn't closed to this observer any more") {
		t.Errorf("let in: %s", got)
	}
}
