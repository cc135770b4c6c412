package launchplan

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
)

func TestProgramEnvironment(t *testing.T) {
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "DARUMA_RUN"} {
		t.Setenv(name, "daruma's own")
	}
	t.Setenv("INHERITED", "yes")
	t.Setenv("HOME", "of daruma")
	t.Setenv("OVERRIDDEN", "by nobody")
	first, second := envFile(t, "OVERRIDDEN=by file\nFILE=1\nLATER=1\n"), envFile(t, "LATER=2\nENV=file\n")
	def := &definition.Program{Name: "api", EnvFiles: []string{first, second}, Env: []definition.EnvVar{{Name: "ENV", Value: "env"}, {Name: "USER", Value: "mine"}}}
	env, err := programEnv("shop", def, launch.User{Name: "www", Home: "/srv/www"}, launch.Leave)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"INHERITED": "yes", "OVERRIDDEN": "by file", "FILE": "1", "LATER": "2", "ENV": "env", "HOME": "/srv/www", "LOGNAME": "www", "USER": "mine",
		"DARUMA_SERVICE": "shop", "DARUMA_PROGRAM": "api", "NOTIFY_SOCKET": "", "WATCHDOG_USEC": "", "LISTEN_FDS": "", "LISTEN_PID": "", "DARUMA_RUN": "",
	} {
		if got := lookup(env, name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	seen := map[string]bool{}
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	if env, err = programEnv("shop", &definition.Program{Name: "api"}, launch.User{}, launch.Leave); err != nil || lookup(env, "HOME") != "of daruma" {
		t.Errorf("without an account HOME is %q, %v", lookup(env, "HOME"), err)
	}
	def.EnvFiles = []string{filepath.Join(t.TempDir(), "gone.env")}
	if _, err := programEnv("shop", def, launch.User{}, launch.Leave); err == nil || !strings.HasPrefix(err.Error(), "envFiles: ") {
		t.Errorf("%v", err)
	}
}
