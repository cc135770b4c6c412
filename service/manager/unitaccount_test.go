package manager

import (
	"strings"
	"testing"
)

func TestUnitOfAnAccount(t *testing.T) {
	spec := Spec{Name: "shop", Executable: "/x", Supervision: Supervision{
		Folders: "daruma/shop", Delegate: true, NoRestart: []int{2, 78}, Capabilities: []string{"CAP_NET_BIND_SERVICE"}}}
	for account, want := range map[string]string{
		"":             "",
		"LocalSystem":  "",
		"virtual":      "DynamicUser=yes User=daruma-shop AmbientCapabilities=CAP_NET_BIND_SERVICE",
		"LocalService": "DynamicUser=yes User=daruma-shop AmbientCapabilities=CAP_NET_BIND_SERVICE",
		"joe":          "User=joe AmbientCapabilities=CAP_NET_BIND_SERVICE",
	} {
		spec.Account = account
		u, _ := serviceUnit(spec, 257)
		var have []string
		for _, d := range u {
			if d.Key == "DynamicUser" || d.Key == "User" || d.Key == "AmbientCapabilities" {
				have = append(have, d.Key+"="+d.Value)
			}
		}
		if got := strings.Join(have, " "); got != want {
			t.Errorf("account %q: %s, want %s", account, got, want)
		}
		text := u.Text("")
		for _, line := range []string{"StateDirectory=daruma/shop", "LogsDirectoryMode=0750", "RuntimeDirectoryPreserve=restart", "Delegate=yes",
			"OOMPolicy=continue", "OOMScoreAdjust=-500", "RestartPreventExitStatus=2 78"} {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("account %q: no line %s in\n%s", account, line, text)
			}
		}
	}
	spec.Supervision.OpenRun = true
	for account, kept := range map[string]bool{AccountSystem: true, AccountVirtual: false, "LocalService": false, "joe": true} {
		spec.Account = account
		u, _ := serviceUnit(spec, 257)
		if text := u.Text(""); strings.Contains(text, "RuntimeDirectoryPreserve=restart\n") != kept || !strings.Contains(text, "RuntimeDirectoryMode=0700\n") {
			t.Errorf("account %q, open to readers: the run folder outlives a restart, which wants %v:\n%s", account, kept, text)
		}
	}
	if long := dynamicUser(strings.Repeat("x", 40)); len(long) > 31 || long == dynamicUser(strings.Repeat("y", 40)) {
		t.Errorf("a long name makes user %s", long)
	}
}

func TestAccountsThatArentOne(t *testing.T) {
	good := Spec{Name: "shop", Executable: "/x"}
	for what, change := range map[string]func(*Spec){
		"a control character": func(s *Spec) { s.Account = "a\nb" },
		"a space":             func(s *Spec) { s.Account = " joe" },
		"a needless password": func(s *Spec) { s.Account, s.Password = AccountVirtual, "x" },
		"a capability":        func(s *Spec) { s.Supervision.Capabilities = []string{"NET_BIND_SERVICE"} },
		"a privilege":         func(s *Spec) { s.Supervision.Privileges = []string{"Impersonate"} },
		"folders elsewhere":   func(s *Spec) { s.Supervision.Folders = "../x" },
	} {
		spec := good
		change(&spec)
		if err := spec.checkAccount(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := good.checkAccount(); err != nil {
		t.Error(err)
	}
}
