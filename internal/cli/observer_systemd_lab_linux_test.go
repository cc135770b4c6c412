package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metrics are those of the machine's observer.
func (g *guest) metrics() string {
	g.t.Helper()
	return g.Output("bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/9490 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && cat <&3 || echo nobody answers`)
}

func (g *guest) awaitMetrics(when string, lines ...string) string {
	g.t.Helper()
	var body string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) { // sleep: nobody tells, it is asked
		body = g.metrics()
		missing := false
		for _, line := range lines {
			missing = missing || !strings.Contains(body, line)
		}
		if !missing {
			return body
		}
	}
	g.t.Fatalf("%s: the metrics lack one of %q:\n%s\n%s", when, lines, body, g.shell(g.daruma+" logs daruma-observe 2>&1 || true"))
	return ""
}

// TestObserverOnSystemd: an observe.yaml becomes a service with an account of its own, which sees the services that name it, reads the secrets
// that nobody else reads, says which services don't let it in, counts on over its own death, and is gone when it is uninstalled.
func TestObserverOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file, shop, other := g.dir+"observe.yaml", g.dir+"daruma.yaml", g.dir+"other.yaml"
	g.Write(file, "notices:\n  channels:\n    ops: {type: webhook, urlFile: secret}\n", 0o600)
	g.Write(g.dir+"secret", "http://127.0.0.1:1/\n", 0o600)
	g.Write(shop, shopYAML("control: {readers: [daruma-observe]}"), 0o644)
	g.Write(other, strings.Replace(shopYAML(), "name: shop", "name: other", 1), 0o644)

	g.says(1, []string{"put daruma-observe of the same version beside"}, "install", file)
	g.build("linux", g.dir+"daruma-observe", "./cmd/daruma-observe")
	g.Write(g.dir+"mixed.yaml", "name: shop\nnotices: {}\n", 0o644)
	g.says(2, []string{"mixed.yaml:2:1: notices: unknown key: it is a key of observe.yaml"}, "install", g.dir+"mixed.yaml")
	g.Write(g.dir+"wrong.yaml", "listen: nowhere\n", 0o644)
	g.says(2, []string{"wrong.yaml:1:9: listen: must be ADDRESS:PORT"}, "install", g.dir+"wrong.yaml")

	g.says(0, []string{"there is no group daruma-observe yet", "daruma install observe.yaml makes it"}, "install", shop, "--now")
	g.do(0, "install", other, "--now")
	g.says(0, []string{"daruma-observe would be installed", "group daruma-observe", "access to " + file, "access to " + g.dir + "secret"}, "install", file, "--dry-run")
	g.says(0, []string{"daruma-observe runs", "control: {readers: [daruma-observe]}"}, "install", file, "--now")
	g.says(0, []string{"nothing changed"}, "install", file)
	g.do(0, "reload", "shop")
	g.do(0, "restart", "daruma-observe") // else it knocks again in a minute
	g.awaitMetrics("installed", `daruma_service_up{service="shop"} 1`, `daruma_service_up{service="daruma-observe"} 1`)
	if body := g.metrics(); strings.Contains(body, `service="other"`) {
		t.Errorf("a service that doesn't let the observer in is seen:\n%s", body)
	}
	g.says(0, []string{"service other doesn't run, or doesn't let this observer in: write control: {readers: [daruma-observe]}"}, "logs", "daruma-observe")
	g.says(0, []string{"says: 2 services; doesn't see other"}, "status", "daruma-observe")
	g.says(0, nil, "doctor", "daruma-observe")

	v := g.up("installed", "daruma-observe")
	pid := v.Programs[0].PID
	if uid, err := strconv.Atoi(g.field(pid, "Uid")); err != nil || uid < 61184 || uid > 65519 { // systemd's for dynamic users
		t.Errorf("the observer runs as user %d: %v", uid, err)
	}
	if caps := g.field(pid, "CapPrm"); strings.Trim(caps, "0") != "" {
		t.Errorf("the observer has capabilities: %s", caps)
	}
	if who := g.shell("stat -c '%a %G' " + g.dir + "secret"); who != "640 daruma_daruma-observe" {
		t.Errorf("the secret's access is %s", who)
	}

	// Counters go on over the death of all that counts.
	g.shell(fmt.Sprintf("kill -9 %d", g.up("before", "shop").Programs[0].PID))
	restarts := `daruma_program_restarts_total{cause="signal",program="a",service="shop"} 1`
	g.awaitMetrics("a program was killed", restarts)
	g.shell(fmt.Sprintf("kill -9 %d", pid))
	g.do(0, "restart", "shop")
	g.awaitMetrics("the observer was killed", restarts, `daruma_program_up{program="a",service="shop"} 1`)

	// A service that is stopped is down; one that never let the observer in stays unseen.
	g.do(0, "stop", "shop")
	g.do(0, "stop", "other")
	body := g.awaitMetrics("stopped", `daruma_service_up{service="shop"} 0`)
	if regexp.MustCompile(`service="other"`).MatchString(body) {
		t.Errorf("a service that never let the observer in is seen:\n%s", body)
	}
	g.do(0, "stop", "daruma-observe")
	g.do(0, "start", "daruma-observe")
	g.awaitMetrics("started again", `daruma_service_up{service="shop"} 0`)

	g.says(0, []string{"daruma-observe is uninstalled", "access to " + g.dir + "secret"}, "uninstall", "daruma-observe", "--purge")
	if who := g.shell("stat -c '%a %G' " + g.dir + "secret"); who != "600 root" {
		t.Errorf("uninstalled, and the secret's access is %s", who)
	}
	if left := g.shell("find /etc /var /run -xdev -name '*daruma-observe*' -print"); left != "" {
		t.Errorf("purged, and there is left:\n%s", left)
	}
}
