package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/control"
)

// changes prints a line for each program that isn't as it was the time before.
func changes(std IO) func([]view) error {
	before := map[string]string{}
	return func(views []view) error {
		var b bytes.Buffer
		now := time.Now().Format("15:04:05")
		seen := map[string]string{}
		say := func(name, fact string) {
			seen[name] = fact
			if before[name] != fact {
				_ = printLine(&b, "%s  %s: %s", now, name, fact) // a buffer takes everything
			}
		}
		for _, v := range views {
			if !v.Running {
				say(v.Service, strings.TrimSuffix(notThere(v)+": "+whyNot(v), ": "))
			}
			for _, p := range v.Programs {
				say(v.Service+"/"+p.Name, factOf(p))
			}
		}
		for name := range before {
			if _, there := seen[name]; !there && strings.Contains(name, "/") && serviceRuns(views, name) {
				_ = printLine(&b, "%s  %s: no longer in the definition", now, name)
			}
		}
		before = seen
		if b.Len() == 0 {
			return nil
		}
		_, err := std.Out.Write(b.Bytes())
		return err
	}
}

// factOf says of a program what is worth a line when it changes: not its uptime or memory.
func factOf(p control.ProgramStatus) string {
	state, _ := stateOf(p)
	fact := state
	if p.PID != 0 {
		if p.Ready {
			fact += ", ready"
		} else {
			fact += ", not ready"
		}
		fact += fmt.Sprintf(", pid %d", p.PID)
	}
	if p.Restarts > 0 {
		fact += ", restarted " + reason.Times(p.Restarts)
	}
	if why := reason.Of(p, time.Time{}); why != "" {
		fact += " (" + why + ")"
	}
	return fact
}

func serviceRuns(views []view, name string) bool {
	service, _, _ := strings.Cut(name, "/")
	for _, v := range views {
		if v.Service == service {
			return v.Running
		}
	}
	return false
}

// changesJSON prints each service that isn't as it was, as one object in one line.
func changesJSON(std IO) func([]view) error {
	before := map[string]string{}
	return func(views []view) error {
		var b bytes.Buffer
		for _, v := range views {
			steady, err := json.Marshal(steadyOf(v))
			if err != nil {
				return err
			}
			if before[v.Service] == string(steady) {
				continue
			}
			before[v.Service] = string(steady)
			text, err := jsonLine(v)
			if err != nil {
				return err
			}
			b.Write(append(text, '\n'))
		}
		if b.Len() == 0 {
			return nil
		}
		_, err := std.Out.Write(b.Bytes())
		return err
	}
}

// steadyOf is v without what changes all the time: uptime, memory.
func steadyOf(v view) view {
	v.UptimeSeconds, v.EventSeq = 0, 0
	v.Programs = append([]control.ProgramStatus(nil), v.Programs...)
	for i := range v.Programs {
		p := &v.Programs[i]
		p.UptimeSeconds, p.MemoryBytes, p.LogBytes = 0, 0, 0
		p.NextRestartAt = time.Time{} // worked out anew each time, and never quite the same
		if p.LastExit != nil {
			exit := *p.LastExit
			exit.At = time.Time{}
			p.LastExit = &exit
		}
		p.Probes = append([]control.ProbeStatus(nil), p.Probes...)
		for j := range p.Probes {
			p.Probes[j].At = time.Time{}
		}
	}
	return v
}
