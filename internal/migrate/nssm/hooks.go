package nssm

import (
	"strings"
)

// hooks are the commands below AppEvents, a key for each event and a value for each moment, and AppRedirectHook.
func (c *conversion) hooks() {
	any := false
	for _, event := range c.parameters.Sub("AppEvents").Subs() {
		for _, v := range event.Values() {
			if strings.TrimSpace(v.Text) == "" {
				continue
			}
			any = true
			c.hook("AppEvents "+event.Name+"/"+v.Name, strings.ToLower(event.Name+"/"+v.Name), v)
		}
	}
	if redirect, ok := c.number("AppRedirectHook"); ok && redirect != 0 && any {
		c.note("AppRedirectHook", "wrote the output of hooks to the program's files. Here it isn't kept: redirect it in the hook")
	}
}

func (c *conversion) hook(setting, event string, v Value) {
	switch event {
	case "start/post":
		c.doc.postStart = c.hookCommand(setting, v)
		c.note(setting, "runs as lifecycle.postStart, without the variables NSSM_…. Where it fails, the program is restarted, which NSSM didn't do: let it end with exit code 0")
	case "stop/pre":
		c.doc.preStop = c.hookCommand(setting, v)
		c.note(setting, "runs as lifecycle.preStop, without the variables NSSM_…; terminationGracePeriodSeconds has the %s s more that NSSM gave it", seconds(hookDeadline))
	case "start/pre":
		c.note(setting, "ran before each start. Add a program for it with restartPolicy: OnFailure, and let this one wait for it: dependsOn: {THAT: completed}. It then runs when the service starts, not at each restart; for that, put it into a script that starts the program")
	case "exit/post":
		c.note(setting, "ran when the program had ended, and has no counterpart: daruma incidents and daruma events -o json tell of every exit")
	case "rotate/pre", "rotate/post":
		c.note(setting, "ran around a rotation, and has no counterpart: rotation takes nothing from the program, and daruma logs reads rotated files too")
	case "power/resume":
		c.doc.onResume = c.hookCommand(setting, v)
		c.note(setting, "runs as lifecycle.onResume, without the variables NSSM_…")
	case "power/change":
		c.note(setting, "ran when the power state changed (mains, battery), and has no counterpart: register a task for it at the Task Scheduler")
	default:
		c.note(setting, "isn't an event of NSSM, which never ran it; left out")
	}
}

// hookCommand splits a hook's command line. NSSM takes a quote at its very beginning and one at its very end away, together
// (PathUnquoteSpaces in its registry.cpp), and gives the rest to CreateProcess.
func (c *conversion) hookCommand(setting string, v Value) []string {
	line := c.expand(v)
	parts := splitCommand(line)
	if whole := line.unquoted(); len(whole) < len(line.trim()) {
		parts = splitAtProgram(whole)
	} else if t := line.trim(); len(t) > 1 && t[0] == '"' && t[len(t)-1] == '"' {
		c.note(setting, "begins and ends with a quote, which NSSM takes away, so that it failed there: here it runs as it is written")
	}
	if len(parts) == 0 || len(parts[0]) == 0 {
		return nil
	}
	if first := string(parts[0]); line.trim()[0] != '"' && len(parts) > 1 && !strings.Contains(string(base(parts[0])), ".") && strings.Contains(first, `\`) {
		c.note(setting, "its path may contain a blank without quotes, where Windows tries one part after the other: check the command")
	}
	if ownRules(parts[0]) && !sameLine(behind(line, parts[0]), parts[1:]) {
		c.noteOwnRules(setting, parts[0])
	}
	command := make([]string, len(parts))
	for i, part := range parts {
		command[i] = c.env.write(part)
	}
	return command
}

// behind is what follows the program in a hook's command line, of which NSSM may have taken the quotes at both ends away.
func behind(line, program text) text {
	line = line.trim()
	if whole := line.unquoted(); len(whole) < len(line) {
		line = whole
	}
	if len(line) > 0 && line[0] == '"' {
		return line[min(len(program)+2, len(line)):]
	}
	return line[len(program):]
}
