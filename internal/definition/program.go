package definition

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (d *decoder) program(e *entry, p *Program) {
	*p = Program{
		Name:                   e.key,
		WorkingDir:             d.dir,
		RestartPolicy:          Always,
		Stdin:                  StdinEmpty,
		Backoff:                defaultBackoff(),
		StopSignal:             "SIGTERM",
		TerminationGracePeriod: 30 * time.Second,
		Logs:                   defaultLogs(),
	}
	if e.value.kind == plainNode || e.value.kind == quotedNode || e.value.kind == listNode {
		d.fail(e.value.pos, "must be a map, is %s: write {command: [executable, argument]}", e.value.describe())
		return
	}
	if d.object(e.value, d.programFields(p)) {
		d.require(e.value, "command")
	}
	d.checkProgram(p, e.value)
}

func (d *decoder) programFields(p *Program) []field {
	return []field{
		{"command", func(n *node) { p.Command = d.command(n) }},
		{"workingDir", func(n *node) { p.WorkingDir = d.absolute(d.filePath(n, d.expanded(n))) }},
		{"env", func(n *node) { p.Env = d.environment(n) }},
		{"envFiles", func(n *node) { p.EnvFiles = d.envFiles(n) }},
		{"dependsOn", func(n *node) { p.DependsOn = d.dependencies(n) }},
		{"restartPolicy", func(n *node) {
			p.RestartPolicy = RestartPolicy(d.enum(n, string(Always), string(OnFailure), string(Never)))
		}},
		{"backoff", func(n *node) { d.object(n, d.backoffFields(&p.Backoff)) }},
		{"exitCodes", func(n *node) { p.ExitCodes = d.exitCodes(n) }},
		{"maxRestarts", func(n *node) { p.MaxRestarts = d.maxRestarts(n) }},
		{"startupProbe", func(n *node) { p.StartupProbe = d.probe(n, startupProbe) }},
		{"livenessProbe", func(n *node) { p.LivenessProbe = d.probe(n, livenessProbe) }},
		{"readinessProbe", func(n *node) { p.ReadinessProbe = d.probe(n, readinessProbe) }},
		{"lifecycle", func(n *node) { d.object(n, d.lifecycleFields(p)) }},
		{"terminationGracePeriodSeconds", func(n *node) {
			if v, ok := d.seconds(n, false); ok {
				p.TerminationGracePeriod = v
			}
		}},
		{"resources", func(n *node) { d.object(n, d.resourcesFields(p)) }},
		{"nice", func(n *node) {
			if v, ok := d.integer(n, -20, 19); ok {
				nice := int(v)
				p.Nice = &nice
			}
		}},
		{"umask", func(n *node) { p.Umask = d.umask(n) }},
		{"stdin", func(n *node) { p.Stdin = Stdin(d.enum(n, string(StdinEmpty), string(StdinOpen))) }},
		{"securityContext", func(n *node) { d.object(n, d.securityFields(&p.Security)) }},
		{"listen", func(n *node) { p.Listen = d.listeners(n) }},
		{"logs", func(n *node) { d.object(n, d.logsFields(&p.Logs)) }},
	}
}

// command is a list, never a line for a shell, so that the arguments are certain.
func (d *decoder) command(n *node) []string {
	if n.kind == plainNode || n.kind == quotedNode {
		d.fail(n.pos, `must be a list, is %s: write [executable, argument], or [sh, -c, "…"] for a line of shell`, n.describe())
		return nil
	}
	command := make([]string, 0, len(n.items))
	d.list(n, func(n *node) {
		word := d.expand(n, d.anyStr(n))
		if len(command) == 0 {
			d.filePath(n, word)
		} else {
			d.drivePath(n, word)
		}
		command = append(command, word)
	})
	if n.kind != listNode {
		return nil
	}
	switch {
	case len(command) == 0:
		d.fail(n.pos, "must have at least one element, the executable")
	case command[0] == "" && n.items[0].isText():
		d.fail(n.items[0].pos, "the executable is empty")
	}
	return command
}

// absolute makes a path of the definition absolute. An empty one has been reported.
func (d *decoder) absolute(path string) string { return Absolute(d.dir, path) }

// Absolute gives the path that a definition in the folder dir means by path; "" stays.
//
// On Windows, one that begins with a slash lies on the definition's drive, as everywhere in Windows, and not in its folder.
func Absolute(dir, path string) string {
	path = filepath.FromSlash(path)
	switch {
	case path == "" || filepath.IsAbs(path):
		return path
	case os.IsPathSeparator(path[0]):
		return filepath.Clean(filepath.VolumeName(dir) + path)
	}
	return filepath.Join(dir, path)
}

// environment is env: names and scalars, whose text counts as it is written (1.10 stays 1.10).
func (d *decoder) environment(n *node) []EnvVar {
	if n.kind == listNode {
		d.fail(n.pos, "must be a map, is a list: write NAME: value (without name and value, unlike Kubernetes)")
		return nil
	}
	if !d.isMap(n) {
		return nil
	}
	env := make([]EnvVar, 0, len(n.entries))
	for _, e := range n.entries {
		d.in(e.key, e.pos, func() {
			if e.key == "" || strings.ContainsAny(e.key, "=\x00") {
				d.fail(e.pos, "the name of a variable must not be empty and must not contain = or NUL")
			}
			env = append(env, EnvVar{Name: e.key, Value: d.envValue(e.value)})
			if strings.EqualFold(e.key, "PATH") {
				d.noPercent(e.value, env[len(env)-1].Value)
			}
		})
	}
	return env
}

func (d *decoder) envValue(n *node) string {
	switch n.kind {
	case plainNode, quotedNode:
		if strings.IndexByte(n.text, 0) >= 0 {
			d.fail(n.pos, "must not contain a NUL character")
			return ""
		}
		value := d.expand(n, n.text)
		d.drivePath(n, value)
		return value
	case emptyNode:
		d.fail(n.pos, `has no value: write "" for an empty one`)
	default:
		d.wrong(n, "text, a number, true or false")
	}
	return ""
}

func (d *decoder) envFiles(n *node) []string {
	if n.kind == plainNode || n.kind == quotedNode {
		d.fail(n.pos, "must be a list: write [%s]", clip(n.text))
		return nil
	}
	var files []string
	d.list(n, func(n *node) { files = append(files, d.absolute(d.filePath(n, d.expanded(n)))) })
	return files
}

// dependencies is dependsOn of a program; checkDependencies checks that the programs exist.
func (d *decoder) dependencies(n *node) []Dependency {
	switch n.kind {
	case listNode, plainNode, quotedNode:
		d.fail(n.pos, "must be a map, is %s: write {PROGRAM: started}, ready or completed", n.describe())
		return nil
	}
	if !d.isMap(n) {
		return nil
	}
	deps := make([]Dependency, 0, len(n.entries))
	for _, e := range n.entries {
		d.in(e.key, e.pos, func() {
			condition := d.enum(e.value, string(Started), string(Ready), string(Completed))
			deps = append(deps, Dependency{Program: e.key, Condition: Condition(condition)})
		})
	}
	return deps
}
