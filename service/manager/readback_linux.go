package manager

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// readBack checks that systemd has read the unit as it was meant.
func (s *systemd) readBack(ctx context.Context, spec Spec) error {
	properties, err := s.conn.GetAllPropertiesContext(ctx, s.unit())
	if err != nil {
		return s.fail("reading the unit back", err)
	}
	if state := property(properties, "LoadState"); state != "loaded" {
		return &Error{Op: s.op, Name: s.name, Kind: ErrInvalid, Detail: "systemd can't load the unit: " + state + loadError(properties),
			Remedy: "its messages: journalctl -b -n 20 _PID=1"}
	}
	if paths, _ := properties["DropInPaths"].([]string); len(paths) > 0 {
		return nil // an administrator's drop-in may have changed anything, and may
	}
	lines := map[string][]string{"ExecStart": spec.Arguments}
	if len(spec.ReloadArguments) > 0 {
		lines["ExecReload"] = spec.ReloadArguments
	}
	for key, arguments := range lines {
		want := []string{spec.Executable}
		for _, argument := range arguments {
			want = append(want, strings.ReplaceAll(argument, "$", "$$")) // replaced at start, not at load
		}
		if have := commandLine(properties[key]); !slices.Equal(have, want) {
			return &Error{Op: s.op, Name: s.name, Kind: ErrInvalid,
				Detail: fmt.Sprintf("systemd reads %s as %q, not %q", key, have, want), Remedy: "please report it: a rule of quoting is missing"}
		}
	}
	if have, _ := properties["Environment"].([]string); !slices.Equal(have, spec.Env) && len(spec.Env)+len(have) > 0 {
		return &Error{Op: s.op, Name: s.name, Kind: ErrInvalid,
			Detail: fmt.Sprintf("systemd reads the environment as %q, not %q", have, spec.Env), Remedy: "please report it: a rule of quoting is missing"}
	}
	return nil
}

// commandLine is the argv of the property ExecStart or ExecReload, of type a(sasbttttuii), where it is one command.
func commandLine(exec any) []string {
	commands, _ := exec.([][]any)
	if len(commands) != 1 || len(commands[0]) < 2 {
		return nil
	}
	argv, _ := commands[0][1].([]string)
	return argv
}

// loadError is the text of the property LoadError, of type (ss).
func loadError(properties map[string]any) string {
	if pair, _ := properties["LoadError"].([]any); len(pair) == 2 {
		if text, _ := pair[1].(string); text != "" {
			return ", " + text
		}
	}
	return ""
}

// property is the text of a property, "" where it isn't there.
func property(properties map[string]any, name string) string {
	text, _ := properties[name].(string)
	return text
}
