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
	return []struct {
		pkg     string
		without []exception
	}{
		{".", []exception{{"TestCodeOf", "runs the go command"},
			{"TestSocketIsFull", "fills a socket's queue, which is 10 long in a new network namespace"}}},
		{"internal/host", nil},
		{"internal/notify", nil},
		{"kardianos/service", nil},
	}
}

// TestOnSystemd runs test binaries, built with the race detector, as root on a machine that systemd has booted.
func TestOnSystemd(t *testing.T) {
	lab.Linux(t) // or a skip, said once
	dir := root(t)
	to := target{name: "systemd", machine: lab.Linux, build: []string{"CGO_ENABLED=1"}, flags: []string{"-race"}, home: "/opt/lab", join: "/"}
	reasons := regexp.MustCompile(`this is a machine of the lab|starts machines of its own|the go command`)
	to.bin = to.programs(t, dir)
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
