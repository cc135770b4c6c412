package events

import (
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/systemlog"
)

// secrets are the texts that never appear in the system's log: arguments of commands, values of environments and of headers; of the
// program, or of all programs for "".
func secrets(def *definition.Service, program string) []string {
	var list []string
	for i := range def.Programs {
		if p := &def.Programs[i]; program == "" || p.Name == program {
			list = append(list, secretsOf(p)...)
		}
	}
	return list
}

func secretsOf(p *definition.Program) []string {
	list := arguments(p.Command)
	for _, v := range p.Env {
		list = append(list, v.Value)
	}
	handlers := []*definition.Handler{p.PostStart, p.PreStop, p.OnResume}
	for i := range p.OnControl {
		handlers = append(handlers, &p.OnControl[i].Handler)
	}
	for _, probe := range []*definition.Probe{p.StartupProbe, p.LivenessProbe, p.ReadinessProbe} {
		if probe != nil {
			handlers = append(handlers, &probe.Handler)
		}
	}
	for _, h := range handlers {
		if h != nil && h.Exec != nil {
			list = append(list, arguments(h.Exec.Command)...)
		}
		if h != nil && h.HTTPGet != nil {
			for _, header := range h.HTTPGet.Headers {
				list = append(list, header.Value)
			}
		}
	}
	return list
}

// arguments are those of a command that may be secret. An ordinary word (serve, worker) isn't one; to blank it out would only spoil reasons.
func arguments(command []string) []string {
	var list []string
	for _, argument := range command[min(1, len(command)):] {
		if !systemlog.Word(argument) {
			list = append(list, argument)
		}
	}
	return list
}
