package architecture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gained are the modules that a program gets into its module graph with the library, besides the library itself.
var gained = []string{"golang.org/x/sys", "github.com/coreos/go-systemd/v22", "github.com/godbus/dbus/v5"}

// TestWhatAConsumerGets: a program that requires the library, or its drop-in for kardianos/service, gets no requirement of the
// supervisor's: no later version of a module that it uses itself, and no later Go than the library needs.
func TestWhatAConsumerGets(t *testing.T) {
	library := filepath.Join(moduleRoot(t), "service")
	goLine := goDirective(t, filepath.Join(library, "go.mod"))
	for _, pkg := range []string{"service", "service/kardianos"} {
		t.Run(filepath.Base(pkg), func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "go.mod"), fmt.Sprintf("module example.org/consumer\n\n%s\n\nrequire %s/service v0.0.0\n\nreplace %s/service => %s\n",
				goLine, module, module, library))
			write(t, filepath.Join(dir, "main.go"), fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", module+"/"+pkg))
			inConsumer(t, dir, "mod", "tidy")
			for _, goos := range []string{"linux", "windows"} {
				t.Setenv("GOOS", goos)
				inConsumer(t, dir, "build", "-o", os.DevNull, ".")
			}
			for _, line := range strings.Split(strings.TrimSpace(inConsumer(t, dir, "list", "-m", "all")), "\n") {
				name, _, _ := strings.Cut(line, " ")
				if name != "example.org/consumer" && name != module+"/service" && !slices.Contains(gained, name) {
					t.Errorf("a program that requires the library gets %s into its module list", line)
				}
			}
			for _, edge := range strings.Split(strings.TrimSpace(inConsumer(t, dir, "mod", "graph")), "\n") {
				_, to, _ := strings.Cut(edge, " ")
				name, _, _ := strings.Cut(to, "@")
				if name != "go" && name != "toolchain" && name != module+"/service" && !slices.Contains(gained, name) {
					t.Errorf("go mod graph of a program that requires the library: %s", edge)
				}
			}
			if after := goDirective(t, filepath.Join(dir, "go.mod")); after != goLine {
				t.Errorf("the consumer's %q became %q", goLine, after)
			}
		})
	}
}

// TestAliasesForDependencies: a program whose dependency imports the original runs it on the drop-in, as docs/moving.md says.
func TestAliasesForDependencies(t *testing.T) {
	root := moduleRoot(t)
	library := filepath.Join(root, "service")
	goLine := goDirective(t, filepath.Join(library, "go.mod"))
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "aliases"), os.DirFS(filepath.Join(root, aliases))); err != nil {
		t.Fatal(err)
	}
	requires := fmt.Sprintf("%s\n\nrequire %s/service v0.0.0\n", goLine, module)
	for folder, files := range map[string][2]string{
		"aliases":    {"module github.com/kardianos/service\n\n" + requires, ""},
		"dependency": {"module example.org/dependency\n\n" + goLine + "\n", "package dependency\n\nimport \"github.com/kardianos/service\"\n\nvar Stopped = service.StatusStopped\n"},
		".": {"module example.org/consumer\n\n" + requires + "\nrequire (\n\texample.org/dependency v0.0.0\n\tgithub.com/kardianos/service v1.3.0\n)\n" +
			"\nreplace (\n\texample.org/dependency => ./dependency\n\tgithub.com/kardianos/service => ./aliases\n\t" + module + "/service => " + library + "\n)\n",
			"package main\n\nimport (\n\t\"example.org/dependency\"\n\t\"" + module + "/service/kardianos\"\n)\n\nvar _ service.Status = dependency.Stopped\n\nfunc main() {}\n"},
	} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, folder, "go.mod"), files[0])
		if files[1] != "" {
			write(t, filepath.Join(dir, folder, "main.go"), files[1])
		}
	}
	inConsumer(t, dir, "mod", "tidy")
	for _, goos := range []string{"linux", "windows"} {
		t.Setenv("GOOS", goos)
		inConsumer(t, dir, "build", "-o", os.DevNull, ".")
	}
}

// goDirective is the line of a go.mod that names the Go release.
func goDirective(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "go ") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("%s has no go line", file)
	return ""
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// inConsumer runs a go command in the consumer's folder, as if there were no workspace.
func inConsumer(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
