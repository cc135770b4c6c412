package service

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// scriptData is what a SystemdScript sees with text/template, as the original's versions before 1.3 had it.
type scriptData struct {
	*Config
	Path                 string
	HasOutputFileSupport bool
	ReloadSignal         string
	PIDFile              string
	LimitNOFILE          int // -1: not set
	Restart              string
	SuccessExitStatus    string
	LogOutput            bool
	LogDirectory         string
}

// renderScript gives the text of a SystemdScript. Programs have scripts of two kinds: {{.Name}} with all that text/template can do, for
// the original's versions before 1.3, and {{Name}} since. For the second kind, the names are functions of the template.
func (u units) renderScript(script, path string) (string, error) {
	data := scriptData{Config: u.Config, Path: path, HasOutputFileSupport: true,
		ReloadSignal: value(u.Option, "ReloadSignal", ""), PIDFile: value(u.Option, "PIDFile", ""),
		LimitNOFILE: value(u.Option, "LimitNOFILE", -1), Restart: value(u.Option, "Restart", "always"),
		SuccessExitStatus: value(u.Option, "SuccessExitStatus", ""), LogOutput: value(u.Option, "LogOutput", false), LogDirectory: u.logs()}
	functions := template.FuncMap{
		"cmd":       func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` },
		"cmdEscape": func(s string) string { return strings.ReplaceAll(s, " ", `\x20`) },
	}
	for name, value := range data.names(u.environmentLines()) {
		functions[name] = func() any { return value }
	}
	parsed, err := template.New("SystemdScript").Funcs(functions).Option("missingkey=zero").Parse(script)
	if err != nil {
		return "", fmt.Errorf("option SystemdScript: %w", err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
		return "", fmt.Errorf("option SystemdScript: %w", err)
	}
	return out.String(), nil
}

// names are what {{Name}} may ask for. Lists are lists there, all else is text, "" for what isn't set.
func (d scriptData) names(environment []string) map[string]any {
	output, limit := "", ""
	if d.LogOutput {
		output = "yes"
	}
	if d.LimitNOFILE > -1 {
		limit = strconv.Itoa(d.LimitNOFILE)
	}
	return map[string]any{
		"Name": d.Name, "DisplayName": d.DisplayName, "Description": d.Description, "Path": d.Path, "Executable": d.Executable,
		"Arguments": d.Arguments, "Dependencies": d.Dependencies, "EnvVars": environment,
		"ChRoot": d.ChRoot, "WorkingDirectory": d.WorkingDirectory, "UserName": d.UserName,
		"LogOutput": d.LogOutput, "OutputFileSupport": output, "HasOutputFileSupport": d.HasOutputFileSupport, "LogDirectory": d.LogDirectory,
		"LimitNOFILE": limit, "ReloadSignal": d.ReloadSignal, "PIDFile": d.PIDFile,
		"Restart": d.Restart, "SuccessExitStatus": d.SuccessExitStatus,
	}
}

// environmentLines are the unit's lines for EnvVars.
func (u units) environmentLines() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(u.EnvVars)) {
		lines = append(lines, "Environment="+unitfile.Word(name+"="+u.EnvVars[name]))
	}
	return lines
}
