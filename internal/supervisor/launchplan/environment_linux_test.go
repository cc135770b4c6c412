package launchplan

import (
	"os"
	"path/filepath"
	"slices"
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
	env, err := programEnv("shop", def, launch.User{}, launch.Leave)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"INHERITED": "yes", "OVERRIDDEN": "by file", "FILE": "1", "LATER": "2", "ENV": "env", "HOME": "of daruma", "USER": "mine",
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

// TestARunAsUserBringsAFreshEnvironment: what is in daruma's may be root's secret.
func TestARunAsUserBringsAFreshEnvironment(t *testing.T) {
	t.Setenv("TOKEN", "root's")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/0")
	t.Setenv("PATH", "/opt/bin:/bin")
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("HOME", "/root")
	file := envFile(t, "FILE=1\n")
	def := &definition.Program{Name: "api", EnvFiles: []string{file}, Env: []definition.EnvVar{{Name: "ENV", Value: "env"}}}
	for _, c := range []struct {
		account launch.User
		want    []string
	}{
		{launch.User{Name: "www", Home: "/srv/www", Shell: "/usr/sbin/nologin"}, []string{"HOME=/srv/www", "USER=www", "LOGNAME=www", "SHELL=/bin/sh"}},
		{launch.User{Name: "ann", Home: "/home/ann", Shell: "/bin/zsh"}, []string{"HOME=/home/ann", "USER=ann", "LOGNAME=ann", "SHELL=/bin/zsh"}},
		{launch.User{Home: "/"}, []string{"HOME=/", "SHELL=/bin/sh"}}, // a number without an account
	} {
		got, err := programEnv("shop", def, c.account, os.Getuid())
		want := append([]string{"PATH=/opt/bin:/bin", "LANG=C.UTF-8", "DARUMA_SERVICE=shop", "DARUMA_PROGRAM=api", "FILE=1", "ENV=env"}, c.want...)
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	t.Setenv("PATH", "")
	t.Setenv("LANG", "")
	got, err := programEnv("shop", def, launch.User{Home: "/"}, os.Getuid())
	if err != nil || lookup(got, "PATH") != defaultPath || slices.Contains(got, "LANG=") {
		t.Errorf("%q, %v", got, err)
	}
}

func envFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
