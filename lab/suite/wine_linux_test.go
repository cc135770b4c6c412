package suite

import (
	"regexp"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

// onWine are the packages whose Windows tests run under Wine, the slow ones first, each with the tests that aren't run there.
// On the list is what calls Windows or depends on how it treats files, paths, processes, pipes and sockets. What only computes
// (internal/engine, internal/folders …) is not: the processor is the same, and the tests run on the host.
// A test that Wine alone fails says so itself, with a skip that names Wine.
func onWine() []suite {
	return []suite{
		{"internal/realtest", 12 * time.Minute, []exception{{"TestHandlesStayFlat", "takes minutes there: TestManyFallsOnWine runs it by itself"}}},
		{"service", 5 * time.Minute, nil},
		{"service/log", time.Minute, nil},
		{"service/log/eventlog", time.Minute, nil},
		{"service/internal/scm", time.Minute, nil},
		{"service/internal/verbs", time.Minute, nil},
		{"internal/logs", 8 * time.Minute, []exception{{"TestIdleProgramsCostNextToNothing",
			"passes in 20 s: 500 pipes are looked at 20 times a second, for each of which Wine asks another process"}}},
		{"internal/launch", 2 * time.Minute, nil},
		{"internal/keeper", time.Minute, nil},
		{"internal/keeper/console", time.Minute, nil},
		{"internal/keeper/lock", time.Minute, nil},
		{"internal/keeper/poll", time.Minute, nil},
		{"internal/keeper/tree", time.Minute, nil},
		{"service/manager", time.Minute, nil},
		{"service/kardianos", 4 * time.Minute, compiling()},
		{"internal/cli", 10 * time.Minute, []exception{{"TestEnvironmentTopic", "reads the code, on the host"}}},
		{"internal/cli/screen", time.Minute, nil},
		{"internal/hosting", time.Minute, nil},
		{"internal/doctor", time.Minute, nil},
		{"internal/install", time.Minute, nil},
		{"internal/observe/command", time.Minute, nil},
		{"internal/operate", time.Minute, nil},
		{"internal/supervisor", time.Minute, nil},
		{"internal/envfile", time.Minute, nil},
		{"internal/supervisor/launchplan", time.Minute, nil},
		{"internal/supervisor/usage", time.Minute, nil},
		{"internal/supervisor/startfailure", time.Minute, nil},
		{"internal/supervisor/signals", time.Minute, nil},
		{"internal/supervisor/tasks", time.Minute, nil},
		{"internal/definition", 2 * time.Minute, []exception{{"TestOtherPages", "reads the pages, on the host"},
			{"TestHostile", "only computes, and takes half a minute: on the host"}}},
		{"internal/incident", 2 * time.Minute, nil},
		{"internal/monotonic", time.Minute, nil},
		{"internal/safefile", time.Minute, nil},
		{"internal/wine", time.Minute, nil},
		{"internal/control", time.Minute, nil},
		{"service/notify", time.Minute, nil},
		{"internal/access", time.Minute, nil},
		{"internal/readers", time.Minute, nil},
		{"internal/namedfiles", time.Minute, nil},
		{"internal/systemlog", time.Minute, nil},
		{"internal/migrate/nssm", time.Minute, nil},
		{"internal/migrate/takeover", time.Minute, nil},
		{"internal/probe", time.Minute, nil},
	}
}

// TestOnWine runs the Windows test binaries, unchanged, under Wine.
func TestOnWine(t *testing.T) {
	lab.Windows(t) // or a skip, said once
	dir := root(t)
	to := &target{name: "wine", machine: lab.Windows, build: []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
		home: `C:\lab`, exe: ".exe", join: `\`}
	reasons := regexp.MustCompile(`\bWine\b|machines need a Linux host`)
	to.prepare(t, dir, onWine())
	var shown table
	t.Cleanup(func() { shown.print(t, "Windows tests on Wine", "on real Windows") })
	for _, s := range onWine() {
		t.Run(s.pkg, func(t *testing.T) {
			t.Parallel()
			check(t, dir, s.pkg, s.without)
			shown.take(t, s, to.run(t, dir, s), reasons)
		})
	}
}
