package service

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// unitText is the unit file of the service: of SystemdScript where it is given, else one of our own.
func (u units) unitText() (string, error) {
	path, err := u.executable()
	if err != nil {
		return "", err
	}
	if script := value(u.Option, "SystemdScript", ""); script != "" {
		return u.renderScript(script, path)
	}
	return u.builtIn(path)
}

func (u units) logs() string { return value(u.Option, "LogDirectory", "/var/log") }

// builtIn is the unit as the original has it, but for what is explained here. Its first line is the mark by which daruma
// knows its own: a program that moves on to package service can install itself in place of it.
func (u units) builtIn(path string) (string, error) {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s=%s\n", key, value)
		}
	}
	b.WriteString(unitfile.Mark + " Written by its package kardianos/service.\n\n[Unit]\n")
	line("Description", unitfile.Text(strings.Join(strings.Fields(u.Description), " ")))
	for _, dependency := range u.Dependencies {
		b.WriteString(dependencyLines(dependency))
	}
	// The original allows ten starts in 5 s, then never again.
	line("StartLimitIntervalSec", "0")
	b.WriteString("\n[Service]\n")
	// Not notify: programs call New for the verbs alone and run without Run; systemd would wait in vain for READY=1.
	line("Type", "exec")
	line("NotifyAccess", "main") // STATUS= and EXTEND_TIMEOUT_USEC work all the same
	words := []string{unitfile.Word(path)}
	for _, argument := range u.Arguments {
		words = append(words, unitfile.Argument(argument))
	}
	line("ExecStart", strings.Join(words, " "))
	line("RootDirectory", unitfile.Path(u.ChRoot))
	line("WorkingDirectory", unitfile.Path(u.WorkingDirectory))
	if !u.user {
		line("User", u.UserName)
	}
	if signal := value(u.Option, "ReloadSignal", ""); signal != "" {
		line("ExecReload", "/bin/kill -"+signal+" $MAINPID")
	}
	line("PIDFile", unitfile.Path(value(u.Option, "PIDFile", "")))
	if value(u.Option, "LogOutput", false) {
		// append: the original's file: writes over what is there, from its beginning.
		line("StandardOutput", "append:"+unitfile.Path(u.logs()+"/"+u.Name+".out"))
		line("StandardError", "append:"+unitfile.Path(u.logs()+"/"+u.Name+".err"))
	}
	if n := value(u.Option, "LimitNOFILE", -1); n > -1 {
		line("LimitNOFILE", strconv.Itoa(n))
	}
	line("Restart", value(u.Option, "Restart", "always"))
	line("SuccessExitStatus", value(u.Option, "SuccessExitStatus", ""))
	line("RestartSec", "1s")      // the original waits 120 s
	line("TimeoutStopSec", "90s") // stopTimeout, and time for the stacks
	line("EnvironmentFile", "-/etc/sysconfig/"+u.Name)
	for _, entry := range u.environmentLines() {
		b.WriteString(entry + "\n")
	}
	target := "multi-user.target"
	if u.user {
		target = "default.target" // the users' manager has no multi-user.target: the original's unit never starts by itself
	}
	fmt.Fprintf(&b, "\n[Install]\nWantedBy=%s\n\n[X-Daruma]\nStartType=automatic\n", target)
	return b.String(), u.checkLines()
}

// checkLines refuses what would break out of its line in the unit.
func (u units) checkLines() error {
	fields := map[string]string{"UserName": u.UserName, "ChRoot": u.ChRoot, "WorkingDirectory": u.WorkingDirectory}
	for _, key := range []string{"ReloadSignal", "PIDFile", "LogDirectory", "Restart", "SuccessExitStatus"} {
		fields["option "+key] = value(u.Option, key, "")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := fields[name]; strings.ContainsAny(text, "\r\n\x00") || strings.HasSuffix(text, `\`) {
			return fmt.Errorf("%s: %q: a unit file has no place for a line break, nor for a backslash at its end", name, text)
		}
	}
	return nil
}

// dependencyLines are the lines of [Unit] for an element of Config.Dependencies.
func dependencyLines(dependency string) string {
	dependency = strings.TrimSpace(dependency)
	switch {
	case dependency == "":
		return ""
	case strings.Contains(dependency, "="):
		return dependency + "\n"
	case !strings.Contains(dependency, "."):
		dependency += ".service"
	}
	return "Wants=" + dependency + "\nAfter=" + dependency + "\n"
}
