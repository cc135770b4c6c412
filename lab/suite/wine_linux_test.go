package suite

import (
	"regexp"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// onWine are the packages whose Windows tests run under Wine, the slow ones first, each with the tests that can't pass there.
// A test that Wine alone fails says so itself, with a skip that names Wine; here is what fails for other reasons.
func onWine() []struct {
	pkg     string
	without []exception
} {
	return []struct {
		pkg     string
		without []exception
	}{
		{".", []exception{{"TestCodeOf", "runs the go command"}}},
		{"internal/host", nil},
		{"kardianos/service", nil},
		{"internal/definition", []exception{{"TestGolden", "expects the paths of Linux"}}},
		{"internal/logs", []exception{{"TestKillLosesNothingAndRepeatsNothing", "hands a file to a child by number, which Windows hasn't"},
			{"TestJSONBytesInAreBytesOut", "takes half a minute there, and is of portable code"},
			{"TestIdleProgramsCostNextToNothing", "takes 20 s there, and measures"}}},
		{"internal/incident", []exception{{"TestFailedReplaceLeavesTheFile", "removes a file that is open"}}},
		{"internal/cli", nil},
		{"internal/control", nil},
		{"internal/engine", nil},
		{"internal/keeper", nil},
		{"internal/notify", nil},
		{"internal/nssm", nil},
		{"internal/probe", nil},
		{"internal/supervisor", nil},
	}
}

// TestOnWine runs the Windows test binaries, unchanged, under Wine.
func TestOnWine(t *testing.T) {
	lab.Windows(t) // or a skip, said once
	dir := root(t)
	to := target{name: "wine", machine: lab.Windows, build: []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
		home: `C:\lab`, exe: ".exe", join: `\`}
	reasons := regexp.MustCompile(`\bWine\b|machines need a Linux host|the go command`)
	to.bin = to.programs(t, dir)
	var shown table
	t.Cleanup(func() { shown.print(t, "Windows tests on Wine", "on real Windows") })
	for _, p := range onWine() {
		t.Run(p.pkg, func(t *testing.T) {
			t.Parallel()
			check(t, dir, p.pkg, p.without)
			shown.take(t, p.pkg, to.run(t, dir, p.pkg, p.without), p.without, reasons)
		})
	}
}
