package suite

import (
	"regexp"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// onSystemd are the packages whose tests have more to show where systemd has booted; DARUMA_LAB=systemd tells them.
func onSystemd() []struct {
	pkg     string
	without []exception
} {
	const noGo = "runs the go command, which isn't in the machine; on the host it runs"
	return []struct {
		pkg     string
		without []exception
	}{
		{".", []exception{{"TestCodeOf", noGo}}},
		{"internal/host", nil},
		{"internal/notify", nil},
		{"kardianos/service", []exception{{"TestAPIIsTheOriginals", noGo}, {"TestExamplesCompile", noGo}, {"TestMovingAfter", noGo},
			{"TestMovingByOneLine", noGo}, {"TestMovingBeforeXSys", noGo}}},
	}
}

// TestOnSystemd runs test binaries, built with the race detector, as root on a machine that systemd has booted.
func TestOnSystemd(t *testing.T) {
	lab.Linux(t) // or a skip, said once
	dir := root(t)
	to := target{name: "systemd", machine: lab.Linux, build: []string{"CGO_ENABLED=1"}, flags: []string{"-race"}, home: "/opt/lab", join: "/"}
	reasons := regexp.MustCompile(`\bmachine of the lab\b|in the lab's machine|starts machines`)
	var shown table
	t.Cleanup(func() { shown.print(t, "Linux tests on systemd", "on the host") })
	for _, p := range onSystemd() {
		t.Run(p.pkg, func(t *testing.T) {
			t.Parallel()
			check(t, dir, p.pkg, p.without)
			shown.take(t, p.pkg, to.run(t, dir, p.pkg, p.without), p.without, reasons)
		})
	}
}
