package unittemplate

import (
	"strings"
	"testing"
)

func templateKeys() map[string]any {
	return map[string]any{"Name": "shop", "Path": "/opt/my shop/bin", "Description": "", "Arguments": []string{"-a", `b "c"`},
		"Dependencies": []string(nil), "LimitNOFILE": "", "LogOutput": true, "HasOutputFileSupport": true, "UserName": "jo",
		"EnvVars": []Pair{{"K", "v", "Environment=K=v"}, {"L", "w", "Environment=L=w"}}}
}

func TestTemplate(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"no action", "no action"},
		{"{{Name}} {{.Name}} {{$.Name}} {{.Config.Name}}", "shop shop shop shop"},
		{"{{Path | cmdEscape}} {{.Path|cmdEscape}}", `/opt/my\x20shop/bin /opt/my\x20shop/bin`},
		{"{{Name|cmd}}", `"shop"`},
		{"{{cmd .Name}}", `"shop"`},
		{"x{{range Arguments}} {{. | cmd}}{{end}}", `x "-a" "b \"c\""`},
		{"x{{range $i, $a := .Arguments}} {{$i}}{{$a}}{{end}}", `x 0-a 1b "c"`},
		{"{{range $a := .Arguments}}[{{$a}}{{$.Name}}]{{end}}", `[-ashop][b "c"shop]`},
		{"{{range EnvVars}}{{.}}\n{{end}}", "Environment=K=v\nEnvironment=L=w\n"},
		{"{{range $k, $v := .EnvVars -}}\nEnvironment={{$k}}={{$v}}\n{{end -}}\n.", "Environment=K=v\nEnvironment=L=w\n."},
		{"{{range Dependencies}}x{{else}}none{{end}}", "none"},
		{"{{if Description}}yes{{else}}no{{end}}", "no"},
		{"{{if .Description}}a{{else if .Name}}b{{else}}c{{end}}", "b"},
		{"{{if and .LogOutput .HasOutputFileSupport -}}\n  out\n{{- end}}", "out"},
		{"{{if gt .LimitNOFILE -1 }}limit{{end}}.", "."},
		{"{{if not (eq .UserName `root`)}}as {{.UserName}}{{end}}", "as jo"},
		{`{{if or .Description (ne .Name "x")}}y{{end}}`, "y"},
		{"{{with .UserName}}User={{.}}{{end}}", "User=jo"},
		{"{{/* a comment */}}x", "x"},
		{"a \n {{- /* c */ -}} \n b", "ab"},
		{"{{.LogOutput}}", "true"},
	} {
		if got, err := Render(test.source, templateKeys()); err != nil || got != test.want {
			t.Errorf("%s\n gives %q, %v\n want  %q", test.source, got, err, test.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for source, want := range map[string]string{
		"{{Nmae}}":                              `unknown key or function "Nmae"`,
		"{{.Name | upper}}":                     `unknown key or function "upper"`,
		"{{Name":                                "isn't closed",
		"{{if Name}}x":                          "has no {{end}}",
		"{{if}}x{{end}}":                        "of what?",
		"x{{end}}":                              "without an if",
		"{{else}}":                              "without an if",
		"{{range Name}}x{{end}}":                "isn't a list",
		"{{Arguments}}":                         "range",
		"{{Name Name}}":                         "isn't a function",
		"{{if (eq .Name}}x{{end}}":              "isn't closed",
		`{{"x}}`:                                "isn't closed",
		"{{eq .Name}}":                          "two values",
		"{{if Name}}a{{else}}b{{else}}c{{end}}": "has no {{end}}",
	} {
		if _, err := Render(source, templateKeys()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", source, err, want)
		}
	}
}

// FuzzTemplate: scripts are written by others; whatever they are, there is an answer.
func FuzzTemplate(f *testing.F) {
	f.Add("{{range $k, $v := .EnvVars -}}\nEnvironment={{$k}}={{$v}}\n{{end -}}")
	f.Add("{{if and (or .A .Name) (not .LogOutput)}}{{else if .Name | cmd}}x{{end}}")
	f.Fuzz(func(t *testing.T, source string) {
		got, err := Render(source, templateKeys())
		if !strings.Contains(source, "{{") && (err != nil || got != source) {
			t.Errorf("%q without an action gives %q, %v", source, got, err)
		}
	})
}
