package web

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

//go:embed testdata/audit.js
var audit string

// poison is what a hostile program writes.
const poison = "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\x1b]0;t\x07\u202eabc"

// machine makes services for pictures: one that is well, and one with all that can be wrong.
func machine(t *testing.T) *fakeService {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "calm", "", up("web"))
	slow := up("mail")
	slow.Ready = false
	slow.Probes = []control.ProbeStatus{{Kind: "readiness", At: time.Now(), Failures: 4, Message: "connection refused", Probes: 9, Failed: 4, DurationSeconds: 0.0123},
		{Kind: "liveness", OK: true, At: time.Now(), Probes: 9, DurationSeconds: 0.001}}
	resting := control.ProgramStatus{Name: "report", State: control.StateStopped, Healthy: true}
	paused := up("paused")
	paused.Paused = true
	var log strings.Builder
	for i := range 50 {
		fmt.Fprintf(&log, "line %d of what it has to say, which may be longer than a phone is wide\n", i)
	}
	s := serve(t, "shop", log.String()+poison+"\n", up("api"), slow, down("worker", "exit code 1 "+poison), resting, paused)
	s.change(func() { s.display = "Shop <b>backend</b>" })
	return s
}

// In Debian's Chromium: the way in, every page at three widths, light and dark, in both languages, with what everybody needs to use it; the browser has
// nothing to complain of. A kill is seen in the open page within a second.
func TestInChromium(t *testing.T) {
	s := machine(t)
	name := "daruma-4k2m7q.localhost"
	panel := func(context.Context, View) (template.HTML, error) {
		return `<svg viewBox="0 0 10 10" role="img" aria-label="memory"></svg>`, nil
	}
	d := New(Options{Hosts: []string{name}, Panels: []Panel{{"Memory", panel}}})
	server := httptest.NewServer(d.Handler())
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); d.watch.close() })
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	top := "http://" + name + ":" + at.Port()
	c := startChromium(t)

	// Before the token: the page that says how to come in. Then as daruma ui has it: a file that leads there.
	c.open(top + "/")
	c.appears("daruma ui")
	c.mu.Lock()
	c.said = nil // the browser notes the 401
	c.mu.Unlock()
	file := filepath.Join(t.TempDir(), "open.html")
	if err := os.WriteFile(file, []byte(`<meta http-equiv="refresh" content="0; url=`+top+"/enter?token="+d.Token("ann")+`">`), 0o600); err != nil {
		t.Fatal(err)
	}
	c.open("file://" + file)
	for place := ""; place != "/"; { // it goes on by itself
		c.wait()
		c.js(`location.pathname`, &place)
	}
	c.appears("connection refused")
	c.quiet("coming in")

	pages := []struct{ name, path string }{{"services", "/"}, {"service", "/services/shop"}, {"logs", "/services/shop/logs"},
		{"search", "/services/shop/logs?program=api&q=line"}, {"order", "/services/shop/order?program=api"}}
	for i, width := range []int{360, 768, 1280} {
		for _, p := range pages {
			dark := i == 1
			c.looks(width, dark)
			c.open(top + p.path)
			var wrong []string
			c.js(audit, &wrong)
			c.looks(width, !dark)
			var more []string
			c.js(audit, &more)
			for _, w := range append(wrong, more...) {
				t.Errorf("%s, %d wide: %s", p.name, width, w)
			}
			c.looks(width, dark)
			c.screenshot(fmt.Sprintf("%s-%d", p.name, width))
			c.quiet(p.name)
		}
	}
	t.Run("a kill", func(t *testing.T) { seesAKill(t, c, s, top) })
	t.Run("keys", func(t *testing.T) { keys(t, c, top) })
	t.Run("logs", func(t *testing.T) { followsLogs(t, c, top) })
	t.Run("1,000 programs", func(t *testing.T) { paintsThousand(t, c, top) })
	t.Run("Chinese", func(t *testing.T) {
		c.open(top + "/services/shop")
		c.js(`setTimeout(() => document.querySelector(".language button").click(), 0)`, nil)
		c.wait()
		c.appears("就绪")
		c.screenshot("service-zh")
		c.quiet("Chinese")
	})
}

func seesAKill(t *testing.T, c *chromium, s *fakeService, top string) {
	c.open(top + "/services/shop")
	c.appears("live")
	var where string
	c.js(`document.querySelector('[data-key="program shop/api"] .order').focus(), document.activeElement.href`, &where)
	took := time.Hour
	for i := 0; i < 3 && took > time.Second; i++ { // a busy machine may be late once
		begin := time.Now()
		s.change(func() { s.programs[0].PID, s.programs[0].Restarts = 98765+i, 1+i })
		c.appears(strconv.Itoa(98765 + i))
		took = time.Since(begin)
		t.Logf("it was seen after %v", took)
	}
	if took > time.Second {
		t.Errorf("no kill was seen within a second")
	}
	var now string
	if c.js(`document.activeElement.href || ""`, &now); now != where {
		t.Errorf("the focus went from %s to %q", where, now)
	}
	var title string
	if c.js(`document.title`, &title); !strings.HasPrefix(title, "(2) shop") {
		t.Errorf("the title is %q", title)
	}
	c.quiet("a kill")
}

func keys(t *testing.T, c *chromium, top string) {
	c.open(top + "/")
	active := func() (text string) {
		c.js(`document.activeElement.textContent || document.activeElement.id`, &text)
		return text
	}
	for _, step := range []struct{ key, want string }{{"j", "shop"}, {"j", "calm"}, {"k", "shop"}, {"/", "filter"}} {
		if c.key(step.key); active() != step.want {
			t.Errorf("%s leads to %q, not to %s", step.key, active(), step.want)
		}
	}
	c.call("Input.insertText", map[string]any{"text": "calm"}, nil)
	var left int
	if c.js(`document.querySelectorAll(".card:not([hidden])").length`, &left); left != 1 {
		t.Errorf("the filter leaves %d", left)
	}
	c.quiet("keys")
}

func followsLogs(t *testing.T, c *chromium, top string) {
	c.open(top + "/services/shop/logs?program=api")
	c.appears("^[[2J^[]0;t^G<U+202E>abc")
	appendLog(t, "shop", "a line that comes "+poison+"\n")
	c.appears("a line that comes <script>alert(1)</script>")
	var odd int
	if c.js(`document.querySelectorAll("#lines script, #lines img").length`, &odd); odd != 0 {
		t.Error("a line made elements")
	}
	c.quiet("logs")
}

// paintsThousand: a page of 1,000 programs is whole when it is loaded, and it is said when it was first painted: half a second on a machine that has
// nothing else to do.
func paintsThousand(t *testing.T, c *chromium, top string) {
	programs := make([]control.ProgramStatus, 1000)
	for i := range programs {
		programs[i] = up(fmt.Sprintf("p%d", i))
		if i%50 == 0 {
			programs[i] = down(programs[i].Name, "exit code 1")
		}
	}
	serve(t, "many", "", programs...)
	c.open(top + "/services/many")
	c.appears("p450") // it is found within seconds
	c.open(top + "/services/many")
	var there bool
	if c.js(`document.querySelectorAll(".card").length === 1000`, &there); !there {
		t.Error("it isn't whole")
	}
	var painted float64
	c.js(`new Promise((done) => new PerformanceObserver((list) => done(list.getEntries()[0].startTime)).observe({type: "paint", buffered: true}))`, &painted)
	t.Logf("first painted after %.0f ms", painted)
	c.quiet("1,000 programs")
}
