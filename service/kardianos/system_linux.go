package service

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// platformSystems are systemd and, where there is none (containers, other init systems), one that runs programs and
// installs nothing: the original has a System V back-end for everything else, and a chosen system is never nil there.
func platformSystems() []System {
	return []System{
		platform{name: "linux-systemd", detect: booted, interactive: interactive,
			serviceManager: func(c *Config) serviceManager { return newUnits(c) }},
		platform{name: "linux-none", detect: func() bool { return true }, interactive: interactive,
			serviceManager: func(c *Config) serviceManager { return newUnits(c) }}, // its answer is ErrUnsupported
	}
}

func runWait(kv KeyValue) func() { return value[func()](kv, "RunWait", nil) }

func remarks(c *Config) []string {
	list := c.Option.remarks("linux")
	if c.UserName != "" && value(c.Option, "UserService", false) {
		list = append(list, "UserName: a service of UserService runs as the user who installs it; it has no effect")
	}
	return list
}

// hangupIsTheirs tells whether SIGHUP is left to the program, which the original leaves it to always: many reload by it, and
// ReloadSignal sends it. With a terminal it is its end, which package service makes a stop.
func hangupIsTheirs() bool {
	terminal, err := os.Open("/dev/tty") // tty(4): there where the process has a controlling terminal
	if err == nil {
		_ = terminal.Close()
	}
	return err != nil
}

// booted is sd_booted(3): the folder is there exactly where systemd is the init system.
func booted() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// interactive answers as the original does: a child of systemd or of process 1 isn't, anything in a container is. But
// systemd's own word (SYSTEMD_EXEC_PID, systemd.exec(5), since 248) is heard first, which also holds in a container that
// was booted with systemd.
func interactive() bool {
	if pid, err := strconv.Atoi(os.Getenv("SYSTEMD_EXEC_PID")); err == nil && pid == os.Getpid() {
		return false
	}
	if contained() {
		return true
	}
	parent := os.Getppid()
	if parent == 1 {
		return false
	}
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(parent) + "/comm") // a parent that is gone wasn't systemd
	return strings.TrimSpace(string(name)) != "systemd"
}

// contained looks for the marks of Docker, Podman, LXC and Kubernetes.
func contained() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	group, _ := os.ReadFile("/proc/1/cgroup")
	return bytes.Contains(group, []byte("docker")) || bytes.Contains(group, []byte("lxc")) || bytes.Contains(group, []byte("kubepods"))
}
