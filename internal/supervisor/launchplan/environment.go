package launchplan

import (
	"fmt"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
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

// programEnv joins daruma's own environment, the account's variables, envFiles, then env; the later wins.
// user is the account's number, or launch.Leave.
func programEnv(service string, def *definition.Program, account launch.User, user int) ([]string, error) {
	env := newEnv()
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "" && !darumasOwn(name) { // Windows keeps each drive's current folder in a variable without a name
			env.set(name, value)
		}
	}
	if account.Name != "" {
		env.set("HOME", account.Home)
		env.set("USER", account.Name)
		env.set("LOGNAME", account.Name)
	}
	env.set("DARUMA_SERVICE", service)
	env.set("DARUMA_PROGRAM", def.Name)
	for _, file := range def.EnvFiles {
		vars, err := readEnvFile(file, user)
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
