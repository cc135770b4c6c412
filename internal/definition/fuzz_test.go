package definition

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse: no input panics or takes long, every refusal is one of ours with a place in the file, and what is accepted
// keeps every promise of the model.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for _, s := range []string{
		"\xEF\xBB\xBFname: a\r\nprograms:\r\n  b:\r\n    command: [c]\r\n", "a: &a {<<: *a}", "<<: {<<: {a: b}}", "a:\n- b\n-", "a: |2-\n  x",
		"a: {b: , c}", "{", "a: \"\\u", "a: >\n\n\n", "&a a: *a", "- - -\n  - a: b\n", "a: b: c", "? a", "%YAML 1.2\n---\na: b\n...", "<<: ", "*a : b",
		"name: a\nprograms:\n  b: &b {command: [c]}\n  d: *b\n", "a: ''''\nb: \"\\\n  c\"", "---\n---\n", "...\n", "~: a", "null: ~", "[a, [b, {c: d}]]: e",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		start := time.Now()
		svc, err := Parse(src, "daruma.yaml", testEnv)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("took %v for %d bytes", took, len(src))
		}
		if err != nil {
			checkErrors(t, src, err)
			return
		}
		checkModel(t, svc)
	})
}

func checkErrors(t *testing.T, src []byte, err error) {
	t.Helper()
	var errs Errors
	if !errors.As(err, &errs) || len(errs) == 0 {
		t.Fatalf("%T: %v", err, err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("shows the value of a variable: %v", err)
	}
	lines := 2 + strings.Count(string(src), "\n") + strings.Count(string(src), "\r")
	for _, e := range errs {
		if e.Msg == "" || e.File != "daruma.yaml" || e.Pos.Line < 0 || e.Pos.Line > lines || (e.Pos.Line > 0) != (e.Pos.Column > 0) {
			t.Errorf("%#v in %d lines", e, lines)
		}
	}
}

// checkModel checks what the rest of daruma relies on.
func checkModel(t *testing.T, s *Service) {
	t.Helper()
	must := func(ok bool, what string) {
		t.Helper()
		if !ok {
			t.Errorf("%s\n%s", what, s.Source)
		}
	}
	must(checkName(s.Name) == "" && s.DisplayName != "" && s.Account != "", "service")
	must(len(s.Programs) > 0 && len(s.Programs) <= maxPrograms, "number of programs")
	must(filepath.IsAbs(s.Dir) && filepath.IsAbs(s.File), "paths")
	var sockets []Listener
	for i := range s.Programs {
		p := &s.Programs[i]
		must(checkName(p.Name) == "" && s.Program(p.Name) == p, "name of a program")
		must(len(p.Command) > 0 && p.Command[0] != "" && filepath.IsAbs(p.WorkingDir), "command and folder")
		must(s.At("programs."+p.Name).Line > 0 && s.At("programs."+p.Name+".command").Line > 0, "places")
		must(slices.Contains([]RestartPolicy{Always, OnFailure, Never}, p.RestartPolicy), "restart policy")
		b := p.Backoff
		must(b.Initial >= 0 && b.Max >= b.Initial && b.Factor >= 1 && b.Jitter >= 0 && b.Jitter <= 1 && b.ResetAfter > 0, "backoff")
		must(p.MaxRestarts == nil || p.MaxRestarts.Count >= 1 && p.MaxRestarts.Within > 0 && p.MaxRestarts.Then != "", "max restarts")
		must(p.TerminationGracePeriod >= 0 && (p.PreStop == nil || p.TerminationGracePeriod > 0), "grace")
		must(slices.Contains(signals(), p.StopSignal), "signal")
		for j, r := range p.ExitCodes {
			must(r.From >= 0 && r.From <= r.To && r.Action != "" && (j == 0 || r.From > p.ExitCodes[j-1].To), "exit codes")
		}
		for _, probe := range []*Probe{p.StartupProbe, p.LivenessProbe, p.ReadinessProbe} {
			must(probe == nil || probe.Period > 0 && probe.Timeout > 0 && probe.InitialDelay >= 0 && probe.SuccessThreshold >= 1 &&
				probe.FailureThreshold >= 1 && actions(&probe.Handler) == 1, "probe")
		}
		hooks := []*Handler{p.PostStart, p.PreStop, p.OnResume}
		for j := range p.OnControl {
			c := &p.OnControl[j]
			must(c.Code >= FirstControl && c.Code <= LastControl && (j == 0 || c.Code > p.OnControl[j-1].Code), "control code")
			hooks = append(hooks, &c.Handler)
		}
		for _, hook := range hooks {
			must(hook == nil || actions(hook) == 1 && hook.GRPC == nil && hook.Notify == nil, "hook")
		}
		for _, l := range p.Rlimits {
			must(l.Soft <= l.Hard, "rlimits")
		}
		must(p.Limits.Memory >= 0 && p.Limits.MilliCPU >= 0 && p.Logs.MaxFiles >= 1 && p.Logs.MaxSize >= 0, "limits and logs")
		for _, v := range p.Env {
			must(v.Name != "" && !strings.ContainsAny(v.Name, "=\x00") && !strings.Contains(v.Value, "\x00"), "env")
		}
		for _, l := range p.Listen {
			must(l.Name != "" && l.Network != "" && l.Address != "" && utf8.ValidString(l.Address), "listener")
			for _, other := range sockets {
				must(!clash(l, other) && l.Name != other.Name, "two sockets alike")
			}
			sockets = append(sockets, l)
		}
	}
	must(ordered(s), "the dependencies have an order")
	c := Changed(s, s)
	must(c.Added == nil && c.Removed == nil && c.Restarted == nil && c.Updated == nil && !c.Service, "unchanged")
}

func actions(h *Handler) int {
	n := 0
	for _, set := range []bool{h.Exec != nil, h.HTTPGet != nil, h.TCPSocket != nil, h.GRPC != nil, h.Notify != nil} {
		if set {
			n++
		}
	}
	return n
}

// ordered takes away programs without dependencies until none is left, the way that is not the decoder's.
func ordered(s *Service) bool {
	waiting := map[string][]Dependency{}
	for _, p := range s.Programs {
		waiting[p.Name] = p.DependsOn
	}
	for len(waiting) > 0 {
		before := len(waiting)
		for name, deps := range waiting {
			if !slices.ContainsFunc(deps, func(d Dependency) bool { _, ok := waiting[d.Program]; return ok || s.Program(d.Program) == nil }) {
				delete(waiting, name)
			}
		}
		if len(waiting) == before {
			return false
		}
	}
	return true
}
