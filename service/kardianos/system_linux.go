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
		platform{name: "linux-systemd", knowsFailed: true, detect: booted, interactive: interactive,
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

// booted is sd_booted(3): the folder is there exactly where systemd is the init system.
func booted() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// interactive is as in the original: false for a child of systemd or of process 1, true for anything in a container. But first it takes
// SYSTEMD_EXEC_PID (systemd.exec(5), since 248), which is right also in a container that was booted with systemd.
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

// contained checks for the marks of Docker, Podman, LXC and Kubernetes.
func contained() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	group, _ := os.ReadFile("/proc/1/cgroup")
	return bytes.Contains(group, []byte("docker")) || bytes.Contains(group, []byte("lxc")) || bytes.Contains(group, []byte("kubepods"))
}
