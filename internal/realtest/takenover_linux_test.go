package realtest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// attackVariable makes this test binary a supervisor that was taken over. It holds the folder of the test.
const attackVariable = "DARUMA_TEST_ATTACK"

// beSomebodyElse doesn't return where this process is such a supervisor, an observer, or a reader.
func beSomebodyElse() {
	beObserver()
	if folder := os.Getenv(attackVariable); folder != "" {
		takenOver(folder)
	}
}

// attack is what a supervisor that was taken over tries, and what it got.
type attack struct{ Name, Error string }

// takenOver speaks with the keeper as a supervisor does, and asks for what the definition doesn't have. It writes what the keeper answered
// into its state folder, where it may write.
func takenOver(folder string) {
	link, err := wire.Connect()
	must(err)
	var alive *wire.KnownRun
	for {
		m, _, err := link.Receive()
		must(err)
		if r, is := m.(*wire.KnownRun); is && r.Alive {
			alive = r
		}
		if _, is := m.(*wire.Welcome); is {
			break
		}
	}
	ask := func(order wire.Message, answered func(wire.Message) (string, bool)) string {
		link.Send(order)
		must(link.Flush())
		for {
			m, _, err := link.Receive()
			must(err)
			if text, is := answered(m); is {
				return text
			}
		}
	}
	ask(&wire.Kill{ID: alive.ID, Generation: alive.Run.Generation}, func(m wire.Message) (string, bool) {
		_, is := m.(*wire.Exited)
		return "", is
	})
	var done []attack
	generation := alive.Run.Generation
	spawn := func(name, id string, change func(*launch.Plan)) {
		p := &launch.Plan{Path: os.Getenv(attackProgram), Argv: []string{os.Getenv(attackProgram), "hang"}, Dir: folder, UID: 65534, GID: 65534,
			Groups: []int{65534}, SetGroups: true, NoNewPrivs: true, ListenNames: []string{"web"}}
		change(p)
		generation++
		done = append(done, attack{name, ask(&wire.Spawn{ID: id, Generation: generation, Spec: wire.Spec{Plan: launch.Encode(p)}}, started)})
	}
	listen := func(name, address string) {
		done = append(done, attack{name, ask(&wire.Listen{Name: name, Network: "tcp", Address: address}, listening)})
	}
	listen("another socket", "127.0.0.1:0")
	listen("web", "127.0.0.1:0")
	spawn("another program", "other", func(*launch.Plan) {})
	spawn("another executable", "it", func(p *launch.Plan) { p.Path = "/bin/sh" })
	spawn("a shell", "it", func(p *launch.Plan) { p.Path, p.Argv = "/bin/sh", []string{"sh", "-c", "id"} })
	spawn("other arguments", "it", func(p *launch.Plan) { p.Argv = append(p.Argv, "more") })
	spawn("root", "it", func(p *launch.Plan) { p.UID, p.GID, p.Groups = 0, 0, []int{0} })
	spawn("the keeper's account", "it", func(p *launch.Plan) {
		p.UID, p.GID, p.Groups, p.SetGroups = launch.Leave, launch.Leave, nil, false
	})
	spawn("a group", "it", func(p *launch.Plan) { p.Groups = []int{65534, 0} })
	spawn("a capability", "it", func(p *launch.Plan) { p.AddCaps = []string{"SYS_ADMIN"} })
	spawn("new privileges", "it", func(p *launch.Plan) { p.NoNewPrivs = false })
	spawn("another folder", "it", func(p *launch.Plan) { p.Dir = "/" })
	spawn("a preloaded library", "it", func(p *launch.Plan) { p.Env = []string{"LD_PRELOAD=/tmp/x.so"} })
	spawn("a hook that there isn't", "it!preStop", func(p *launch.Plan) { p.ListenNames = nil })
	spawn("what the definition has", "it", func(*launch.Plan) {})
	data, err := json.Marshal(done)
	must(err)
	must(os.WriteFile(filepath.Join(folder, "h", "real", "state", "attack.new"), data, 0o600))
	must(os.Rename(filepath.Join(folder, "h", "real", "state", "attack.new"), filepath.Join(folder, "h", "real", "state", "attack")))
	for { // until the keeper has ended
		if _, _, err := link.Receive(); err != nil {
			os.Exit(1)
		}
	}
}

// attackProgram names the variable that holds the definition's executable.
const attackProgram = "DARUMA_TEST_ATTACK_PROGRAM"

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "the supervisor that was taken over:", err)
		os.Exit(1)
	}
}

func started(m wire.Message) (string, bool) {
	switch m := m.(type) {
	case *wire.Started:
		return "", true
	case *wire.Failed:
		return m.Error, true
	}
	return "", false
}

func listening(m wire.Message) (string, bool) {
	if l, is := m.(*wire.Listening); is {
		return l.Error, true
	}
	return "", false
}

// TestKeeperObeysTheDefinition: a supervisor that was taken over gets nothing started, and no address bound, that the definition doesn't
// have; what the definition has it gets.
func TestKeeperObeysTheDefinition(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := testbin.Path(t)
	open(t, program)
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(daruma)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "daruma")
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		t.Fatal(err)
	}
	s := throughBinary(t, dir, copied, fmt.Sprintf(`
name: real
programs:
  it:
    command: [%s, hang]
    listen: [{name: web, address: "localhost:%d"}]
    securityContext: {runAsUser: 65534, runAsGroup: 65534, allowPrivilegeEscalation: false}
`, program, freePort(t)))
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	// As an upgrade does it: the next supervisor is what has the keeper's name by then.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = supervisor ] || exec %s \"$@\"\n%s=%s %s=%s exec %s\n", daruma, attackVariable, dir, attackProgram, program, self)
	if err := os.WriteFile(copied+".new", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied+".new", copied); err != nil {
		t.Fatal(err)
	}
	kill(t, st.SupervisorPID)
	result := filepath.Join(s.home, "real", "state", "attack")
	s.eventually("the attack is over", func() bool { _, err := os.Stat(result); return err == nil })
	if data, err = os.ReadFile(result); err != nil {
		t.Fatal(err)
	}
	var done []attack
	if err := json.Unmarshal(data, &done); err != nil || len(done) < 15 {
		t.Fatalf("%v: %s", err, data)
	}
	for _, a := range done {
		switch {
		case a.Name == "what the definition has", a.Name == "web": // the socket is open already
			if a.Error != "" {
				t.Errorf("%s is refused: %s", a.Name, a.Error)
			}
		case !strings.Contains(a.Error, "doesn't allow"):
			t.Errorf("%s isn't refused: %q", a.Name, a.Error)
		}
	}
	kill(t, st.KeeperPID)
	<-s.ended
	if c, err := net.Dial("unix", filepath.Join(s.home, "real", "run", "control.sock")); err == nil {
		c.Close()
		t.Error("somebody serves the control socket")
	}
}
