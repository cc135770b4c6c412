package manager

import "testing"

func TestUnitOf(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/shop.service\n":                                        "shop.service",
		"0::/system.slice/shop.service/daruma/web\n":                             "shop.service",
		"0::/system.slice/system-getty.slice/getty@tty1.service\n":               "getty@tty1.service",
		"12:pids:/x.service\n1:name=systemd:/system.slice/a.service\n":           "a.service",
		"0::/user.slice/user-1000.slice/session-2.scope\n":                       "",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n": "",
		"0::/\n": "",
		"":       "",
		"broken": "",
	} {
		if got := unitOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
