package probe

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestTCP(t *testing.T) {
	l := listen(t)
	h := definition.Handler{TCPSocket: &definition.TCPSocketAction{Port: port(l)}}
	if r := ask(t, h, 10*time.Second); !r.OK || r.Message != "" {
		t.Errorf("%+v", r)
	}
	l.Close()
	if r := ask(t, h, 10*time.Second); r.OK || r.Unknown || r.Message != "tcp "+l.Addr().String()+": connection refused" {
		t.Errorf("%+v", r)
	}
	h.TCPSocket.Host = "no-such-host.invalid"
	if r := ask(t, h, 10*time.Second); r.OK || !strings.Contains(r.Message, `the host "no-such-host.invalid"`) {
		t.Errorf("%+v", r)
	}
}

func TestExec(t *testing.T) {
	h := definition.Handler{Exec: &definition.ExecAction{Command: []string{"bin/check", "--deep"}, Words: []string{"bin/check", "--deep"}}}
	for _, test := range []struct {
		name    string
		runner  Runner
		want    string
		ok      bool
		unknown bool
	}{
		{"well", func(_ context.Context, c []string) (int, []byte, error) { return len(c) - 2, []byte("fine"), nil }, "", true, false},
		{"ill", func(context.Context, []string) (int, []byte, error) { return 3, []byte("queue\n full\n"), nil }, `: exit code 3: "queue full"`, false, false},
		{"silent", func(context.Context, []string) (int, []byte, error) { return 1, nil, nil }, `: exit code 1`, false, false},
		{"missing", func(context.Context, []string) (int, []byte, error) { return 0, nil, errors.New("no such file") }, ": no such file", false, false},
		{"keeper gone", func(context.Context, []string) (int, []byte, error) {
			return 0, nil, fmt.Errorf("%w: the keeper is gone", ErrUnknown)
		}, ": the probe could not be carried out: the keeper is gone", false, true},
		{"too long", func(ctx context.Context, _ []string) (int, []byte, error) { <-ctx.Done(); return -1, nil, ctx.Err() }, ": no answer within 20ms", false, false},
		{"no runner", nil, ": there is nothing here to run commands with", false, true},
	} {
		limit := 10 * time.Second
		if test.name == "too long" {
			limit = 20 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		r := attempt{limit: limit}.run(ctx, h, test.runner)
		cancel()
		if want := test.want; want != "" {
			test.want = "exec bin/check --deep" + want
		}
		if r.OK != test.ok || r.Unknown != test.unknown || r.Message != test.want {
			t.Errorf("%s: %+v, want %q", test.name, r, test.want)
		}
	}
}

func TestEmptyHandler(t *testing.T) {
	if r := ask(t, definition.Handler{}, time.Second); r.OK || r.Message == "" {
		t.Errorf("%+v", r)
	}
}

// TestExecShowsNoVariables: a message shows a command as it stands in the definition, however it fails. Messages get into the status,
// daruma's log and the incident record.
func TestExecShowsNoVariables(t *testing.T) {
	const secret = "geheim-4711"
	src := `
name: shop
programs:
  api:
    command: [x]
    livenessProbe:
      exec: {command: ["${TOOL}", "--password=${SECRET}", "a$$b", "${SECRET:-none}"]}
`
	env := func(name string) (string, bool) {
		return map[string]string{"SECRET": secret, "TOOL": "check"}[name], true
	}
	def, err := definition.Parse([]byte(src), filepath.Join(t.TempDir(), "daruma.yaml"), env)
	if err != nil {
		t.Fatal(err)
	}
	h := def.Programs[0].LivenessProbe.Handler
	var got []string
	runners := map[string]Runner{
		"exit code": func(_ context.Context, c []string) (int, []byte, error) { got = c; return 1, nil, nil },
		"error":     func(context.Context, []string) (int, []byte, error) { return 0, nil, errors.New("no such file") },
		"too long":  func(ctx context.Context, _ []string) (int, []byte, error) { <-ctx.Done(); return -1, nil, ctx.Err() },
		"no runner": nil,
	}
	for what, runner := range runners {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		r := Run(ctx, h, runner)
		cancel()
		if strings.Contains(r.Message, secret) || !strings.HasPrefix(r.Message, "exec ${TOOL} --password=${SECRET} a$$b ${SECRET:-none}: ") {
			t.Errorf("%s: %q", what, r.Message)
		}
	}
	if want := []string{"check", "--password=" + secret, "a$b", secret}; !slices.Equal(got, want) {
		t.Errorf("run was %q, want %q", got, want)
	}
	h.Exec = &definition.ExecAction{Command: []string{"check", secret}} // not from a definition
	if r := Run(t.Context(), h, runners["error"]); r.Message != "exec check: no such file" {
		t.Errorf("%q", r.Message)
	}
}
