package suite

import (
	"regexp"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

// onSystemd are the packages whose tests have more to show where systemd has booted; DARUMA_LAB=systemd tells them.
func onSystemd() []suite {
	return []suite{
		{"service", 5 * time.Minute, nil},
		{"service/log", time.Minute, nil},
		{"service/internal/notifysocket", time.Minute, nil},
		{"service/internal/orphans", time.Minute, nil},
		{"service/manager", 2 * time.Minute, nil},
		{"service/notify", time.Minute, nil},
		{"service/kardianos", 4 * time.Minute, compiling()},
	}
}

// TestOnSystemd runs test binaries, built with the race detector, as root on a machine that systemd has booted.
func TestOnSystemd(t *testing.T) {
	lab.Linux(t) // or a skip, said once
	dir := root(t)
	to := &target{name: "systemd", machine: lab.Linux, build: []string{"CGO_ENABLED=1"}, flags: []string{"-race"}, home: "/opt/lab", join: "/"}
	reasons := regexp.MustCompile(`this is a machine of the lab|starts machines of its own`)
	to.prepare(t, dir, onSystemd())
	var shown table
	t.Cleanup(func() { shown.print(t, "Linux tests on systemd", "on the host") })
	for _, s := range onSystemd() {
		t.Run(s.pkg, func(t *testing.T) {
			t.Parallel()
			check(t, dir, s.pkg, s.without)
			shown.take(t, s, to.run(t, dir, s), reasons)
		})
	}
}
