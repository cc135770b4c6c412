package keeper

import (
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// framed is a plan as a reader writes it.
func framed(change func(*launch.Plan)) []byte {
	p := allowedPlan()
	change(p)
	return launch.Encode(p)
}

func allowedPlan() *launch.Plan {
	return &launch.Plan{Path: "api", Argv: []string{"api", "-v"}, Dir: "/srv", Env: []string{"PORT=80"}, UID: launch.Leave, GID: launch.Leave}
}

func allowing(t *testing.T, change func(*wire.Allowed)) *allowances {
	t.Helper()
	m := &wire.Allowed{
		Env: []string{"PATH=/bin", "LANG=C"},
		Programs: []wire.AllowedRun{
			{ID: "api", Plan: framed(func(*launch.Plan) {}), Paths: []string{"/bin/api", "/usr/bin/api"}},
			{ID: "api!preStop", Plan: framed(func(p *launch.Plan) { p.Argv = []string{"drain"} }), Paths: []string{"/bin/drain"}},
		},
		Sockets: []wire.AllowedSocket{{Name: "web", Network: "tcp", Address: "web.example:80"}, {Name: "u", Network: "unix", Address: "/run/u"}},
	}
	change(m)
	a := &allowances{asked: true}
	a.take(m)
	if a.why != "" {
		t.Fatal(a.why)
	}
	return a
}

func TestAllowedRuns(t *testing.T) {
	plain := func(*wire.Allowed) {}
	withFiles := func(m *wire.Allowed) { m.Programs[0].EnvFiles = true }
	asRoot := func(m *wire.Allowed) {
		m.Programs[0].User, m.Programs[0].Group, m.Programs[0].Supplemental = "root", "0", []string{"0"}
	}
	nice := 3
	for _, c := range []struct {
		name, id string
		list     func(*wire.Allowed)
		change   func(*launch.Plan)
		refused  string // what the reason says; "": it is allowed
	}{
		{"as it stands there", "api", plain, func(*launch.Plan) {}, ""},
		{"later in PATH", "api", plain, func(p *launch.Plan) { p.Path = "/usr/bin/api" }, ""},
		{"daruma's own variables", "api", plain, func(p *launch.Plan) { p.Env = append(p.Env, "PATH=/bin", "", "") }, ""},
		{"unknown", "web", plain, func(*launch.Plan) {}, `anything called "web"`},
		{"a hook of none", "api!postStart", plain, func(*launch.Plan) {}, "anything called"},
		{"a hook's place", "api!preStop", plain, func(*launch.Plan) {}, "this command"},
		{"elsewhere", "api", plain, func(p *launch.Plan) { p.Path = "/tmp/api" }, "the executable /tmp/api"},
		{"arguments", "api", plain, func(p *launch.Plan) { p.Argv = p.Argv[:1] }, "this command"},
		{"folder", "api", plain, func(p *launch.Plan) { p.Dir = "/" }, "this workingDir"},
		{"user", "api", plain, func(p *launch.Plan) { p.UID = 0 }, "this user"},
		{"groups", "api", plain, func(p *launch.Plan) { p.SetGroups = true }, "this list of groups"},
		{"capability", "api", plain, func(p *launch.Plan) { p.AddCaps = []string{"SYS_ADMIN"} }, "this list of capabilities"},
		{"niceness", "api", plain, func(p *launch.Plan) { p.Nice = &nice }, "this niceness"},
		{"limit", "api", plain, func(p *launch.Plan) { p.Memory = 1 }, "this limit"},
		{"rlimit", "api", plain, func(p *launch.Plan) { p.Rlimits = []launch.Rlimit{{Name: "core"}} }, "this rlimit"},
		{"sockets", "api", plain, func(p *launch.Plan) { p.ListenNames = []string{"web"} }, "this list of sockets"},
		{"another value", "api", plain, func(p *launch.Plan) { p.Env = []string{"PORT=81"} }, "the variable PORT"},
		{"another variable", "api", plain, func(p *launch.Plan) { p.Env = []string{"SECRET=1"} }, "the variable SECRET"},
		{"root's", "api", asRoot, func(p *launch.Plan) {
			p.UID, p.GID, p.Groups, p.SetGroups = 0, 0, []int{0}, true
			p.Env = []string{"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh"}
		}, ""},
		{"another's", "api", asRoot, func(p *launch.Plan) {
			p.UID, p.GID, p.Groups, p.SetGroups, p.Env = 0, 0, []int{0}, true, []string{"HOME=/tmp"}
		}, "the variable HOME"},
		{"an envFile's", "api", withFiles, func(p *launch.Plan) { p.Env = []string{"SECRET=1"} }, ""},
		{"an envFile's for the loader", "api", withFiles, func(p *launch.Plan) { p.Env = []string{"LD_PRELOAD=/x"} }, "the variable LD_PRELOAD"},
		{"an envFile's for a shell", "api", withFiles, func(p *launch.Plan) { p.Env = []string{"ENV=/x"} }, "the variable ENV"},
		{"an envFile's that begins so", "api", withFiles, func(p *launch.Plan) { p.Env = []string{"ENVIRONMENT=x"} }, ""},
	} {
		p := allowedPlan()
		p.Path = "/bin/api"
		c.change(p)
		err := allowing(t, c.list).run(c.id, p)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), "doesn't allow "+c.refused) {
			t.Errorf("%s: %v, want %q", c.name, err, c.refused)
		}
	}
}

func TestAllowedSockets(t *testing.T) {
	a := allowing(t, func(*wire.Allowed) {})
	for address, want := range map[string]bool{
		"tcp 192.0.2.1:80": true, "tcp [2001:db8::1]:80": true, "tcp 192.0.2.1:81": false, "udp 192.0.2.1:80": false, "tcp other.example:80": false,
		"tcp :80": false, "unix /run/u": false,
	} {
		network, address, _ := strings.Cut(address, " ")
		if err := a.socket(&wire.Listen{Name: "web", Network: network, Address: address}); (err == nil) != want {
			t.Errorf("%s %s: %v", network, address, err)
		}
	}
	for path, want := range map[string]bool{"/run/u": true, "/run/v": false} {
		if err := a.socket(&wire.Listen{Name: "u", Network: "unix", Address: path}); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestAllowedWhileStopping: after a reload the programs of the old definition end by its hooks, and nothing else of it is started.
func TestAllowedWhileStopping(t *testing.T) {
	a := allowing(t, func(*wire.Allowed) {})
	a.take(&wire.Allowed{})
	hook, program := allowedPlan(), allowedPlan()
	hook.Argv, hook.Path, program.Path = []string{"drain"}, "/bin/drain", "/bin/api"
	if err := a.run("api!preStop", hook); err != nil {
		t.Error(err)
	}
	if err := a.run("api", program); err == nil {
		t.Error("a program that the definition doesn't have any more is started")
	}
	// A reader that fails leaves everything as it was.
	a.take(&wire.Allowed{Error: "the disk hangs"})
	if err := a.run("api!preStop", hook); err != nil {
		t.Error(err)
	}
}

func TestAllowedNothingKnown(t *testing.T) {
	a := &allowances{asked: true}
	a.take(&wire.Allowed{Error: "the disk hangs"})
	if err := a.run("api", allowedPlan()); err == nil || !strings.Contains(err.Error(), "the disk hangs") {
		t.Errorf("%v", err)
	}
	if err := a.socket(&wire.Listen{}); err == nil {
		t.Error("a socket is opened")
	}
	damaged := &allowances{asked: true}
	damaged.take(&wire.Allowed{Programs: []wire.AllowedRun{{ID: "api", Plan: []byte("x")}}})
	if damaged.now != nil || damaged.why == "" {
		t.Errorf("%+v", damaged)
	}
}

// FuzzAllowed: whatever the reader writes, the keeper lives, and runs nothing that it couldn't compare.
func FuzzAllowed(f *testing.F) {
	f.Add(wire.AppendFrame(nil, &wire.Allowed{Env: []string{"A=b"}, Programs: []wire.AllowedRun{{ID: "api", Plan: launch.Encode(allowedPlan())}}}, 0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseAllowed(data)
		if err != nil {
			return
		}
		a := &allowances{asked: true}
		a.take(m)
		p := allowedPlan()
		if err := a.run("api", p); err == nil {
			r := slices.IndexFunc(m.Programs, func(r wire.AllowedRun) bool { return r.ID == "api" && slices.Contains(r.Paths, p.Path) })
			if r < 0 {
				t.Fatalf("%+v allows %+v", m, p)
			}
		}
	})
}
