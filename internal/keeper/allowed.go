package keeper

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// ReaderRole is the first argument of the process that reads the definition for the keeper. Its arguments are those of the supervisor,
// then --hosted where somebody hosts the service; it writes one wire.Allowed to its file 3.
const ReaderRole = "reader"

// HostedFlag says to the reader that a service manager hosts the service: then the last good definition counts where the file is refused.
const HostedFlag = "--hosted"

// allowances are what the definition allows. The keeper doesn't take the supervisor's word for it, which parses what strangers write: another
// process reads the definition, at the keeper's start and when a supervisor has taken it again, and ends; see allowed_linux.go.
type allowances struct {
	asked   bool   // there is such a process at all: on Linux
	reading bool   // it is at work, and no message of the supervisor is carried out meanwhile
	why     string // the last one failed: why
	now     *rules // nil: none was read yet
	handed  *rules // those in force when this image took the keeper over; they count too until the definition is taken again; nil: none
	before  *rules // those of the definition before: what it has of hooks and probes counts while its programs stop; nil: there was none
	reader
}

// rules are those of one definition.
type rules struct {
	env     map[string]bool
	runs    map[string]*allowedRun
	sockets []wire.AllowedSocket
}

// allowedRun is one command of the definition.
type allowedRun struct {
	wire.AllowedRun
	plan *launch.Plan
}

// parseAllowed takes the one frame that a reader writes.
func parseAllowed(data []byte) (*wire.Allowed, error) {
	m, fds, rest, ok, err := wire.NextFrame(data)
	if err != nil {
		return nil, err
	}
	allowed, is := m.(*wire.Allowed)
	if !ok || !is || fds != 0 || len(rest) > 0 {
		return nil, errors.New("the process that reads it ended before it was done")
	}
	return allowed, nil
}

// take takes what the process wrote. Where that is an error, the old allowances stay.
func (a *allowances) take(m *wire.Allowed) {
	if a.why = m.Error; m.Error != "" {
		return
	}
	var plans launch.Decoder
	next := &rules{env: make(map[string]bool, len(m.Env)), runs: make(map[string]*allowedRun, len(m.Programs)), sockets: m.Sockets}
	for _, r := range m.Programs {
		plan, err := plans.DecodeAny(r.Plan) // where a newer daruma has read it, an older one of its programs may run all the same
		if err != nil {
			a.why = r.ID + ": " + err.Error()
			return
		}
		r.Plan = nil
		next.runs[r.ID] = &allowedRun{r, plan}
	}
	for _, v := range m.Env {
		next.env[v] = true
	}
	a.now, a.before = next, a.now
}

// known says whether there is anything to compare with; the error says why there isn't.
func (a *allowances) known() error {
	if a.now != nil {
		return nil
	}
	return fmt.Errorf("the keeper couldn't find out what the definition allows: %s", a.why)
}

// notAllowed is why an order isn't carried out.
func notAllowed(what string) error {
	return fmt.Errorf("the definition as the keeper has it doesn't allow %s; if it was changed, daruma reload takes it", what)
}

// run says whether the definition has this start of the program or task called id. It looks users up as they are now.
func (a *allowances) run(id string, p *launch.Plan) error {
	if !a.asked {
		return nil
	}
	if err := a.known(); err != nil {
		return err
	}
	err := a.now.run(id, p)
	if err != nil && a.handed != nil && a.handed.run(id, p) == nil {
		return nil
	}
	if err != nil && a.before != nil && strings.Contains(id, "!") && a.before.run(id, p) == nil {
		return nil
	}
	return err
}

func (a *rules) run(id string, p *launch.Plan) error {
	r := a.runs[id]
	if r == nil {
		return notAllowed(fmt.Sprintf("anything called %.50q", id))
	}
	want := *r.plan
	if err := want.Check(); err != nil { // it asks for what this daruma can't do: nor would the order
		return err
	}
	account, err := want.Identify(r.User, r.Group, r.Supplemental)
	if err != nil {
		return err
	}
	if what := differs(p, &want); what != "" {
		return notAllowed("this " + what)
	}
	if !slices.Contains(r.Paths, p.Path) {
		return notAllowed("the executable " + p.Path)
	}
	return a.environment(r, p.Env, account)
}

// differs names what of a plan isn't as the definition has it; "": nothing. Executable and environment are compared elsewhere.
func differs(p, want *launch.Plan) string {
	for _, c := range []struct {
		what string
		same bool
	}{
		{"command", slices.Equal(p.Argv, want.Argv)},
		{"workingDir", p.Dir == want.Dir},
		{"user", p.UID == want.UID && p.GID == want.GID},
		{"list of groups", p.SetGroups == want.SetGroups && slices.Equal(p.Groups, want.Groups)},
		{"list of capabilities", slices.Equal(p.AddCaps, want.AddCaps) && slices.Equal(p.DropCaps, want.DropCaps)},
		{"privilege escalation", p.NoNewPrivs == want.NoNewPrivs},
		{"rlimit", slices.Equal(p.Rlimits, want.Rlimits)},
		{"niceness", equal(p.Nice, want.Nice)},
		{"umask", equal(p.Umask, want.Umask)},
		{"list of sockets", slices.Equal(p.ListenNames, want.ListenNames)},
		{"limit", p.Memory == want.Memory && p.MilliCPU == want.MilliCPU && p.Processes == want.Processes && p.Affinity == want.Affinity},
	} {
		if !c.same {
			return c.what
		}
	}
	return ""
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// environment says whether each variable is the definition's, daruma's own or the account's. Those of envFiles, which are read at each
// start, aren't known here: where a program has such files, any is taken but those that have a loader or an interpreter run other code.
func (a *rules) environment(r *allowedRun, env []string, account launch.User) error {
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case v == "": // a place for what the keeper fills in
		case a.env[v], slices.Contains(r.plan.Env, v):
		case r.User != "" && isAccounts(name, value, account):
		case r.EnvFiles && !changesCode(name):
		default:
			return notAllowed("the variable " + name)
		}
	}
	return nil
}

// isAccounts says whether a variable is one that a program gets of its account.
func isAccounts(name, value string, account launch.User) bool {
	switch name {
	case "HOME":
		return value == account.Home
	case "USER", "LOGNAME":
		return value == account.Name
	case "SHELL":
		return value == account.Shell || value == "/bin/sh" // the latter where the account's is none
	}
	return false
}

// changesCode says whether a variable of this name makes well-known loaders and interpreters run other code than the command's. There is
// no complete list of those.
func changesCode(name string) bool {
	for _, prefix := range []string{"LD_", "GCONV_PATH", "GLIBC_TUNABLES", "PYTHON", "PERL", "RUBY", "NODE_", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
		"_JAVA_OPTIONS", "BASH_", "ENV", "LUA_", "PHP", "DOTNET_STARTUP_HOOKS", "CORECLR_", "COR_"} {
		if name == prefix || strings.HasPrefix(name, prefix) && prefix != "ENV" {
			return true
		}
	}
	return false
}

// socket says whether the definition has this socket. The supervisor puts an IP address in place of a host's name.
func (a *allowances) socket(m *wire.Listen) error {
	if !a.asked {
		return nil
	}
	if err := a.known(); err != nil {
		return err
	}
	sockets := a.now.sockets
	if a.handed != nil {
		sockets = append(slices.Clone(sockets), a.handed.sockets...)
	}
	for _, s := range sockets {
		if s.Name == m.Name && s.Network == m.Network && (s.Address == m.Address || s.Network != "unix" && resolved(s.Address, m.Address)) {
			return nil
		}
	}
	return notAllowed("the socket " + m.Address)
}

// resolved says whether address can be what a name server gave for the host of name.
func resolved(name, address string) bool {
	host, port, err := net.SplitHostPort(name)
	host2, port2, err2 := net.SplitHostPort(address)
	if err != nil || err2 != nil || port != port2 || host == "" || host2 == "" {
		return false
	}
	_, isNumber := netip.ParseAddr(host)
	_, isNumber2 := netip.ParseAddr(host2)
	return isNumber != nil && isNumber2 == nil
}
