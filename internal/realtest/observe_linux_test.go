package realtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/command"
)

// roleVariable makes this test's binary an observer, or somebody who tries every command.
const roleVariable = "DARUMA_TEST_OBSERVER"

// beObserver doesn't return where this process is one of them.
func beObserver() {
	switch os.Getenv(roleVariable) {
	case "observer":
		os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr))
	case "orders":
		must(json.NewEncoder(os.Stdout).Encode(giveOrders(os.Args[1])))
		os.Exit(0)
	}
}

// giveOrders tries every command on the service of this name, and gives the answers' HTTP status; 0: there was none.
func giveOrders(name string) map[control.Verb]int {
	client, err := control.Dial(name)
	must(err)
	answers := map[control.Verb]int{}
	for _, verb := range []control.Verb{control.VerbStart, control.VerbStop, control.VerbRestart, control.VerbPause, control.VerbResume,
		control.VerbControl, control.VerbAwait, control.VerbReload} {
		order := control.Command{Verb: verb}
		if verb == control.VerbControl {
			order.Code = 200
		}
		_, err := client.Command(context.Background(), order)
		if refused := (*control.APIError)(nil); errors.As(err, &refused) {
			answers[verb] = refused.Status
		} else {
			answers[verb] = 0
		}
	}
	return answers
}

// observer is one that runs as a user of its own.
type observer struct {
	t   *testing.T
	url string
}

// reader is a user that is nobody else.
const reader = 4711

// as prepares this test's binary to run as a user.
func as(t *testing.T, user int, home, role string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open(t, self)
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "DARUMA_HOME="+home, roleVariable+"="+role)
	cmd.Dir = "/"
	if user != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	}
	cmd.Stderr = os.Stderr
	return cmd
}

// observe starts one, which the test's end ends.
func observe(t *testing.T, home string, user int, args ...string) *observer {
	t.Helper()
	cmd := as(t, user, home, "observer", append(args, "--listen", "127.0.0.1:0")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the observer ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &observer{t, strings.TrimSpace(strings.TrimPrefix(line, "metrics on "))}
}

func (o *observer) scrape() string {
	o.t.Helper()
	answer, err := http.Get(o.url)
	if err != nil {
		o.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(body)
}

// awaitMetrics scrapes until all these lines are there.
func (o *observer) awaitMetrics(what string, lines ...string) {
	o.t.Helper()
	var body string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) { // sleep: nobody tells, it is asked
		body = o.scrape()
		missing := false
		for _, line := range lines {
			missing = missing || !strings.Contains(body, line+"\n")
		}
		if !missing {
			return
		}
	}
	o.t.Fatalf("%s: the metrics lack one of %q:\n%s", what, lines, body)
}

// TestObserverAsAReader: an observer with an account of its own sees the services that name it among their readers, those that come later
// too, and gives no order.
func TestObserverAsAReader(t *testing.T) {
	needRoot(t) // to become somebody else
	dir := folder(t)
	define := func(name, readers string) string {
		return fmt.Sprintf("name: %s\ncontrol: {readers: [%s]}\nprograms:\n  it: {command: [/bin/sh, -c, 'exec sleep 1000']}\n", name, readers)
	}
	s := run(t, dir, define("real", `"4711"`))
	s.awaitReady("it", 0)
	for _, path := range []string{dir, s.home} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o := observe(t, s.home, reader)
	o.awaitMetrics("at first", `daruma_service_up{service="real"} 1`, `daruma_program_ready{program="it",service="real"} 1`, `daruma_program_processes{program="it",service="real"} 1`,
		`daruma_service_supervisor_restarts_total{service="real"} 0`)

	// Services come, one of which lets nobody in.
	begin := func(name, readers string) *service {
		other := &service{t: t, name: name, home: s.home, daruma: s.daruma}
		file := filepath.Join(dir, name+".yaml")
		write(t, file, define(name, readers))
		other.begin(exec.Command(s.daruma, "run", file))
		other.awaitReady("it", 0)
		return other
	}
	begin("hidden", "")
	later := begin("later", `"4711"`)
	o.awaitMetrics("with another", `daruma_service_up{service="later"} 1`, `daruma_service_up{service="real"} 1`)
	if body := o.scrape(); strings.Contains(body, "hidden") {
		t.Errorf("a service that doesn't let the observer in is seen:\n%s", body)
	}

	// They are replaced, and go.
	st, before := s.status("it")
	kill(t, st.SupervisorPID)
	o.awaitMetrics("with a successor", `daruma_service_up{service="real"} 1`, `daruma_service_supervisor_restarts_total{service="real"} 1`)
	later.end()
	o.awaitMetrics("with one gone", `daruma_service_up{service="later"} 0`, `daruma_service_up{service="real"} 1`)

	out, err := as(t, reader, s.home, "orders", "real").Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[control.Verb]int{}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != 8 {
		t.Fatalf("%v: %s", err, out)
	}
	for verb, status := range answers {
		if status != http.StatusForbidden {
			t.Errorf("%s of a reader is answered %d", verb, status)
		}
	}
	if _, now := s.status("it"); now.PID != before.PID || now.Paused {
		t.Errorf("the program was touched: %+v", now)
	}
}
