package launchplan

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/envfile"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/service/notify"
)

// env is an environment in which later values replace earlier ones. Variables keep the order in which they were first set.
type env struct {
	at   map[string]int
	vars []string
}

func newEnv() *env { return &env{at: map[string]int{}} }

func (e *env) set(name, value string) {
	v := name + "=" + value
	key := variableKey(name)
	if i, ok := e.at[key]; ok {
		e.vars[i] = v
		return
	}
	e.at[key] = len(e.vars)
	e.vars = append(e.vars, v)
}

func (e *env) list() []string { return e.vars }

func lookup(env []string, name string) string {
	for _, v := range env {
		if have, value, ok := strings.Cut(v, "="); ok && variableKey(have) == variableKey(name) {
			return value
		}
	}
	return ""
}

// inherit takes over daruma's own environment.
func (e *env) inherit() {
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "" && !darumasOwn(name) { // Windows keeps each drive's current folder in a variable without a name
			e.set(name, value)
		}
	}
}

// Defaults of variables, as systemd sets them. Source: systemd.exec(5), "Environment variables in spawned processes".
const (
	defaultPath  = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	defaultShell = "/bin/sh"
)

// login begins the environment of a program with a user of its own: nothing of daruma's but PATH and LANG. What else is there may be a
// secret of root's, a token of the session in which daruma was started, or a folder that the user may not enter.
func (e *env) login(account launch.User) {
	e.set("PATH", cmp.Or(os.Getenv("PATH"), defaultPath))
	if lang := os.Getenv("LANG"); lang != "" {
		e.set("LANG", lang)
	}
	e.set("HOME", account.Home)
	if account.Name != "" {
		e.set("USER", account.Name)
		e.set("LOGNAME", account.Name)
	}
	shell := account.Shell
	if base := path.Base(shell); base == "nologin" || base == "false" || shell == "" {
		shell = defaultShell // what a program starts in a shell isn't a login
	}
	e.set("SHELL", shell)
}

// programEnv joins daruma's own environment, or for a program with runAsUser a fresh one, envFiles, then env; the later wins.
// user is the account's number, or launch.Leave.
func programEnv(service string, def *definition.Program, account launch.User, user int) ([]string, error) {
	env := newEnv()
	if user == launch.Leave {
		env.inherit()
	} else {
		env.login(account)
	}
	env.set("DARUMA_SERVICE", service)
	env.set("DARUMA_PROGRAM", def.Name)
	for _, file := range def.EnvFiles {
		vars, err := envfile.Read(file, user)
		if err != nil {
			return nil, fmt.Errorf("envFiles: %w", err)
		}
		for _, v := range vars {
			env.set(v.Name, v.Value)
		}
	}
	for _, v := range def.Env {
		env.set(v.Name, v.Value)
	}
	return env.list(), nil
}

// darumasOwn says that a variable is meant for daruma itself: systemd's protocol variables name daruma's own sockets.
func darumasOwn(name string) bool {
	switch name {
	case "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "MAINPID",
		"DARUMA_RUN", "DARUMA_GENERATION", "DARUMA_PROGRAM", "DARUMA_SERVICE", notify.EnvChannel, notify.EnvWatchdog:
		return true
	}
	return false
}
