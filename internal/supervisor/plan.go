package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/service/notify"
)

// plan says how to start command as this program: its user, folder, environment and limits.
func (s *supervisor) plan(def *definition.Program, command []string) (*launch.Plan, error) {
	p := &launch.Plan{Argv: command, Dir: def.WorkingDir, UID: launch.Leave, GID: launch.Leave}
	sc := def.Security
	account, err := p.Identify(sc.RunAsUser, sc.RunAsGroup, sc.SupplementalGroups)
	if err != nil {
		return nil, fmt.Errorf("securityContext: %w", err)
	}
	p.AddCaps, p.DropCaps = sc.AddCapabilities, sc.DropCapabilities
	p.NoNewPrivs = sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation
	p.Nice, p.Umask = def.Nice, def.Umask
	p.Memory, p.MilliCPU = def.Limits.Memory, def.Limits.MilliCPU
	p.Processes, p.Affinity = def.Limits.Processes, def.Limits.Affinity
	for _, r := range def.Rlimits {
		p.Rlimits = append(p.Rlimits, launch.Rlimit{Name: r.Name, Soft: r.Soft, Hard: r.Hard})
	}
	if p.Env, err = s.programEnv(def, account); err != nil {
		return nil, err
	}
	if err := checkFolder(def.WorkingDir); err != nil {
		return nil, err
	}
	if p.Path, err = findExecutable(command[0], s.def.Dir, lookup(p.Env, "PATH")); err != nil {
		return nil, err
	}
	return p, nil
}

// programEnv is daruma's own environment, the account's variables, envFiles, then env; the later wins.
func (s *supervisor) programEnv(def *definition.Program, account launch.User) ([]string, error) {
	env := newEnv()
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "" && !private(name) { // Windows keeps each drive's current folder in a variable without a name
			env.set(name, value)
		}
	}
	if account.Name != "" {
		env.set("HOME", account.Home)
		env.set("USER", account.Name)
		env.set("LOGNAME", account.Name)
	}
	env.set("DARUMA_SERVICE", s.def.Name)
	env.set("DARUMA_PROGRAM", def.Name)
	for _, file := range def.EnvFiles {
		vars, err := readEnvFile(file)
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

// private says that a variable is meant for daruma itself: systemd's protocol variables name daruma's own sockets.
func private(name string) bool {
	switch name {
	case "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "MAINPID",
		"DARUMA_RUN", "DARUMA_GENERATION", "DARUMA_PROGRAM", "DARUMA_SERVICE", notify.EnvChannel, notify.EnvWatchdog:
		return true
	}
	return false
}

func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("workingDir %s doesn't exist", dir)
	case err != nil:
		return fmt.Errorf("workingDir: %w", err)
	case !info.IsDir():
		return fmt.Errorf("workingDir %s is not a folder", dir)
	}
	return nil
}

// findExecutable resolves the first word of a command: with a separator from the definition's folder, else in PATH.
// On Windows the extension may be left out.
func findExecutable(name, dir, path string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || strings.ContainsRune(name, '/') {
		full := filepath.FromSlash(name)
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, full)
		}
		file, err := executable(full)
		if err != nil {
			return "", fmt.Errorf("command %s: %w (looked for %s)", name, err, full)
		}
		return file, nil
	}
	var inTheWay error
	for _, d := range filepath.SplitList(path) {
		if d == "" || !filepath.IsAbs(d) {
			continue // the current folder is nobody's to choose programs from
		}
		full := filepath.Join(d, name)
		file, err := executable(full)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, errNoFile) && inTheWay == nil {
			inTheWay = fmt.Errorf("command %s: %s: %w", name, full, err)
		}
	}
	if inTheWay != nil {
		return "", inTheWay
	}
	hint := ""
	if _, err := executable(filepath.Join(dir, name)); err == nil {
		hint = fmt.Sprintf("; for the one in the definition's folder write ./%s", name)
	}
	return "", fmt.Errorf("command %s: not found in PATH (%s)%s", name, path, hint)
}

var errNoFile = errors.New("there is no such file")

// executable gives the file that a name stands for, the name itself or one with an extension that this system knows.
func executable(name string) (string, error) {
	err := errNoFile
	for _, path := range spellings(name) {
		if e := startable(path); e == nil {
			return path, nil
		} else if !errors.Is(e, errNoFile) && errors.Is(err, errNoFile) {
			err = e
		}
	}
	return "", err
}

func startable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errNoFile
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	}
	return mayExecute(info)
}
