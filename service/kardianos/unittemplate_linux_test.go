package service

import (
	"strings"
	"testing"
)

func scriptUnits() units {
	return newUnits(&Config{Name: "shop", UserName: "jo", Arguments: []string{"-a", `b "c"`}, EnvVars: map[string]string{"K": "v", "L": "w x"},
		Option: KeyValue{"LogOutput": true, "Custom": "mine", "Environment": []string{"A=1", "B=2"}, "Limits": map[string]int{"nofile": 4096}}})
}

// TestScript: both syntaxes of SystemdScript, and all that text/template can do.
func TestScript(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"no action", "no action"},
		{"{{Name}} {{.Name}} {{$.Name}} {{.Config.Name}}", "shop shop shop shop"},
		{"{{Path | cmdEscape}} {{.Path|cmdEscape}}", `/opt/my\x20shop/bin /opt/my\x20shop/bin`},
		{"{{Name|cmd}} {{cmd .Name}}", `"shop" "shop"`},
		{"x{{range Arguments}} {{. | cmd}}{{end}}", `x "-a" "b \"c\""`},
		{"x{{range $i, $a := .Arguments}} {{$i}}{{$a}}{{end}}", `x 0-a 1b "c"`},
		{"{{range EnvVars}}{{.}}\n{{end}}", "Environment=K=v\nEnvironment=\"L=w x\"\n"},
		{"{{range $k, $v := .EnvVars -}}\nEnvironment={{$k}}={{$v}}\n{{end -}}\n.", "Environment=K=v\nEnvironment=L=w x\n."},
		{"{{range Dependencies}}x{{else}}none{{end}}", "none"},
		{"{{if .Description}}a{{else if .Name}}b{{else}}c{{end}}", "b"},
		{"{{if and .LogOutput .HasOutputFileSupport -}}\n  out\n{{- end}}{{if OutputFileSupport}} too{{end}}", "out too"},
		{"{{if gt .LimitNOFILE -1 }}limit{{end}}{{if LimitNOFILE}}limit{{end}}.", "."},
		{"{{if not (eq .UserName `root`)}}as {{.UserName}}{{end}}", "as jo"},
		{"{{with .UserName}}User={{.}}{{end}}{{/* a comment */}}", "User=jo"},
		{"{{.Option.Custom}} {{.Option.Missing}}|", "mine <no value>|"},
		{`{{range .Option.Environment}}Environment={{.}};{{end}}`, "Environment=A=1;Environment=B=2;"},
		{`{{index .Option "Custom"}} {{index .EnvVars "K"}} {{len .Arguments}} {{printf "%s-%d" .Name 7}}`, "mine v 2 shop-7"},
		{`{{$n := .Name}}{{$n}} {{.Option.Limits.nofile}}`, "shop 4096"},
		{`{{define "x"}}<{{.}}>{{end}}{{template "x" .Name}}`, "<shop>"},
	} {
		if got, err := scriptUnits().renderScript(test.source, "/opt/my shop/bin"); err != nil || got != test.want {
			t.Errorf("%s\n gives %q, %v\n want  %q", test.source, got, err, test.want)
		}
	}
	for source, want := range map[string]string{
		"{{Nmae}}":          `function "Nmae" not defined`,
		"{{.Nmae}}":         "Nmae",
		"{{.Name | upper}}": `function "upper" not defined`,
		"{{Name":            "unclosed action",
	} {
		if _, err := scriptUnits().renderScript(source, "/x"); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "SystemdScript") {
			t.Errorf("%s: error %v, want one with %q", source, err, want)
		}
	}
}
