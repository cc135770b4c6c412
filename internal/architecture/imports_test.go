package architecture

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layering lists the packages from the lowest layer to the highest: a package imports only packages of lower layers, so none of a
// layer knows another of it. The core is definition ← engine ← supervisor; what stands above the supervisor are its clients.
// A package that isn't here yet needs a place. One package a line, without comments: what it does stands in its own.
var layering = [][]string{
	{
		"internal/charset",
		"internal/confine",
		"internal/logs/jsonline",
		"internal/mailbox",
		"internal/memory",
		"internal/monotonic",
		"internal/plaintext",
		"internal/release/archive",
		"internal/release/signature",
		"internal/safefile",
		"internal/version",
		"internal/wine",
		"service/closer",
		"service/internal/asynclog",
		"service/internal/console",
		"service/internal/healthserver",
		"service/internal/inherited",
		"service/internal/notifysocket",
		"service/internal/orphans",
		"service/internal/platform",
		"service/internal/selfrestart",
		"service/internal/stdio",
		"service/internal/stopcontext",
		"service/internal/unitfile",
		"service/internal/watchdog",
		"service/internal/wine",
		"service/log/eventlog",
		"service/log/journal",
		"service/winevent",
	},
	{
		"internal/definition",
		"internal/exitcode",
		"internal/folders",
		"internal/keeper/lock",
		"internal/keeper/poll",
		"internal/keeper/wire",
		"internal/launch",
		"internal/logs/logfile",
		"internal/reserve",
		"service/internal/scm",
		"service/internal/standin",
		"service/log",
		"service/manager",
		"service/notify",
	},
	{
		"internal/readers",
	},
	{
		"internal/access",
		"internal/control",
		"internal/engine",
		"internal/envfile",
		"internal/incident",
		"internal/install/record",
		"internal/keeper/tree",
		"internal/logs/logread",
		"internal/logs/shipper",
		"internal/probe",
		"internal/release/pack",
		"internal/release/store",
		"internal/supervisor/signals",
		"internal/systemlog",
		"service/internal/verbs",
	},
	{
		"internal/logs",
		"internal/namedfiles",
	},
	{
		"internal/keeper/console",
		"internal/supervisor/asyncwriter",
		"internal/supervisor/beat",
		"internal/supervisor/clockjump",
		"internal/supervisor/events",
		"internal/supervisor/filecheck",
		"internal/supervisor/incidentwriter",
		"internal/supervisor/lastgood",
		"internal/supervisor/launchplan",
		"internal/supervisor/notifychannel",
		"internal/supervisor/process",
		"internal/supervisor/sockets",
		"internal/supervisor/startfailure",
		"internal/supervisor/stopped",
		"internal/supervisor/tasks",
		"internal/supervisor/terminal",
		"internal/supervisor/usage",
		"internal/wanted",
		"internal/winres",
		"service",
	},
	{
		"internal/keeper",
		"internal/supervisor",
		"internal/winres/generate",
		"service/kardianos",
		"service/servicetest",
	},
	{
		"internal/cli/screen",
		"internal/ensure",
		"internal/export",
		"internal/migrate/nssm",
		"internal/observe",
		"internal/operate",
		"internal/release/deploy",
	},
	{
		"internal/cli/reason",
		"internal/observe/history",
		"internal/observe/hosts",
		"internal/observe/live",
		"internal/observe/metrics",
		"internal/observe/notice",
		"internal/observe/shipping/receiver",
		"internal/observe/shipping/record",
		"internal/observe/shipping/redact",
	},
	{
		"internal/observe/notice/alertmanager",
		"internal/observe/notice/channel",
		"internal/observe/notice/queue",
		"internal/observe/notice/watch",
		"internal/observe/shipping/elastic",
		"internal/observe/shipping/join",
		"internal/observe/shipping/otlp",
		"internal/observe/shipping/tail",
		"internal/observe/timeline",
	},
	{
		"internal/observe/notice/delivery",
	},
	{
		"internal/observe/notice/notifier",
		"internal/observe/shipping",
	},
	{
		"internal/observe/config",
	},
	{
		"internal/observe/web",
		"internal/top",
	},
	{
		"internal/observe/web/past",
	},
	{
		"internal/observe/command",
	},
	{
		"internal/hosting",
	},
	{
		"internal/install",
	},
	{
		"internal/doctor",
		"internal/migrate/takeover",
	},
	{
		"internal/cli",
	},
	{
		"cmd/daruma",
		"cmd/daruma-observe",
	},
}

// layerOf is the place of the package's layer, from 0; -1 where it has none.
func layerOf(pkg string) int {
	return slices.IndexFunc(layering, func(layer []string) bool { return slices.Contains(layer, pkg) })
}

// testsOnly are packages that exist for tests: no program may import them, and they may import anything.
var testsOnly = []string{"internal/architecture", "internal/testprog", "internal/realtest", "lab", "service/internal/fakejournal",
	"service/internal/testarguments"}

// standalone are folders of programs and tools beside daruma: nothing imports them.
var standalone = []string{"bench", "examples", "packaging"}

func in(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") })
}

func layers(s *source) []string {
	var found []string
	from := layerOf(s.pkg())
	if from < 0 && !in(testsOnly, s.pkg()) && !in(standalone, s.pkg()) {
		return []string{s.at(s.tree.Package, "package %s has no layer: give it a place in internal/architecture/imports_test.go", s.pkg())}
	}
	for _, spec := range s.imports() {
		path := importPath(spec)
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		to := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
		switch {
		case in(standalone, to) && !in(standalone, s.pkg()):
			found = append(found, s.at(spec.Pos(), "%s is a program of its own: move what is shared into internal/", to))
		case s.test() || in(testsOnly, s.pkg()) || in(standalone, s.pkg()):
			// tests look at everything; tools use the client packages they need
		case in(testsOnly, to):
			found = append(found, s.at(spec.Pos(), "%s is for tests only: import it from a _test.go file", to))
		case layerOf(to) >= from:
			found = append(found, s.at(spec.Pos(), "%s (layer %d) may not import %s (layer %d): imports point down, "+
				"definition ← engine ← supervisor ← cli. Pass what you need as a value or an interface from the layer above",
				s.pkg(), from, to, layerOf(to)))
		}
	}
	return found
}

func TestLayers(t *testing.T) {
	bites(t, layers, []sample{
		{"down", "internal/supervisor/a.go", `package supervisor; import _ "` + module + `/internal/engine"`, 0},
		{"up", "internal/engine/a.go", `package engine; import _ "` + module + `/internal/supervisor"`, 1},
		{"sideways", "internal/probe/a.go", `package probe; import _ "` + module + `/internal/logs"`, 1},
		{"sideways in a test", "internal/probe/a_test.go", `package probe; import _ "` + module + `/internal/logs"`, 0},
		{"helper of tests", "internal/probe/a.go", `package probe; import _ "` + module + `/internal/testprog"`, 1},
		{"example", "internal/cli/a.go", `package cli; import _ "` + module + `/examples/shop"`, 1},
		{"no layer", "internal/stuff/a.go", `package stuff`, 1},
	})
	hold(t, layers)
}

// pure are the packages that the engine may import: none that reads a clock, a file, a socket or the environment.
var pure = []string{"cmp", "errors", "fmt", "iter", "maps", "math", "math/bits", "math/rand/v2", "slices", "sort", "strconv",
	"strings", "time", module + "/internal/definition"}

// clock are the functions of package time that look at the clock or wait.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func enginePure(s *source) []string {
	if s.pkg() != "internal/engine" || s.test() {
		return nil
	}
	var found []string
	for _, spec := range s.imports() {
		if path := importPath(spec); !slices.Contains(pure, path) {
			found = append(found, s.at(spec.Pos(), "the engine is pure and may not import %s: "+
				"let the supervisor do it and bring the result as an event", path))
		}
	}
	for _, call := range selectors(s, "time") {
		if slices.Contains(clock, call.Sel.Name) {
			found = append(found, s.at(call.Pos(), "the engine is pure and may not call time.%s: "+
				"take the time from the event, ask for a timer with an effect", call.Sel.Name))
		}
	}
	return found
}

func TestEngineIsPure(t *testing.T) {
	bites(t, enginePure, []sample{
		{"os", "internal/engine/a.go", `package engine; import _ "os"`, 1},
		{"sys", "internal/engine/a.go", `package engine; import _ "golang.org/x/sys/unix"`, 1},
		{"clock", "internal/engine/a.go", `package engine; import "time"; func f() { _ = time.Now() }`, 1},
		{"durations", "internal/engine/a.go", `package engine; import "time"; const d = time.Second`, 0},
		{"elsewhere", "internal/logs/a.go", `package logs; import _ "os"`, 0},
	})
	hold(t, enginePure)
}

// deps are the import paths that pkg is linked with on goos, without those of its tests.
func deps(t *testing.T, goos, pkg string) []string {
	t.Helper()
	dir := moduleRoot(t)
	if _, err := os.Stat(filepath.Join(dir, pkg)); err != nil {
		t.Skipf("%s doesn't exist yet", pkg)
	}
	cmd := exec.Command("go", "list", "-deps", "./"+pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("GOOS=%s go list -deps ./%s: %v", goos, pkg, err)
	}
	return strings.Fields(string(out))
}

func TestWhatIsLinked(t *testing.T) {
	rules := []struct {
		pkg, refused, why string
	}{
		{"cmd/daruma", "google.golang.org/grpc", "grpc is used by tests alone: the grpc probe speaks the protocol itself, for size and memory"},
		{"cmd/daruma", "google.golang.org/protobuf", "protobuf is used by tests alone"},
		{"cmd/daruma", "github.com/invopop/jsonschema", "the JSON Schema is generated by a test and embedded"},
		{"cmd/daruma", "github.com/santhosh-tekuri/jsonschema", "only tests validate against the JSON Schema"},
		{"cmd/daruma", "github.com/rogpeppe/go-internal", "testscript belongs to tests"},
		{"cmd/daruma", "charm.land/bubbletea", "daruma top is a part of daruma-observe: keepers and supervisors carry nothing that draws"},
		{"cmd/daruma", "testing", "a package that the program uses imports testing: move it to a _test.go file"},
		{"internal/keeper", "net/http", "the keeper listens on nothing and asks nobody: let the supervisor do it"},
		{"internal/keeper", "encoding/json", "the keeper parses nothing that a stranger wrote: its frames are binary"},
		{"internal/keeper", "github.com/goccy/go-yaml", "the keeper parses no definition: it gets orders from the supervisor"},
		{"internal/keeper", "github.com/spf13/cobra", "the keeper has no command line of its own"},
		{"internal/keeper", module + "/internal/definition", "the keeper knows no definition: put what it needs into its frames"},
	}
	linked := map[string][]string{}
	for _, goos := range []string{"linux", "windows"} {
		for _, r := range rules {
			t.Run(goos+"/"+r.pkg+"/"+r.refused, func(t *testing.T) {
				key := goos + " " + r.pkg
				if linked[key] == nil {
					linked[key] = deps(t, goos, r.pkg)
				}
				for _, path := range linked[key] {
					if path == r.refused || strings.HasPrefix(path, r.refused+"/") {
						t.Errorf("GOOS=%s: %s is linked with %s: %s. To see the way it came: go mod why %s", goos, r.pkg, path, r.why, path)
						return
					}
				}
			})
		}
	}
	if got := deps(t, "linux", "cmd/daruma"); !slices.Contains(got, "github.com/spf13/cobra") {
		t.Errorf("cmd/daruma isn't linked with cobra: this test looks at the wrong thing")
	}
}

func packageName(s *source) []string {
	vague := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib", "tools"}
	if name := strings.TrimSuffix(s.tree.Name.Name, "_test"); slices.Contains(vague, name) {
		return []string{s.at(s.tree.Package, "package %s says nothing of its contents: name it for what it does", name)}
	}
	return nil
}

func TestPackageNames(t *testing.T) {
	bites(t, packageName, []sample{
		{"util", "internal/util/a.go", "package util", 1},
		{"its tests", "internal/util/a_test.go", "package util_test", 1},
		{"named", "internal/logs/a.go", "package logs", 0},
	})
	hold(t, packageName)
}
