package web

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/live"
)

// All services stand on the first page, those to look at first, and each has its own with what is known of its programs.
func TestPages(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "calm", "", up("web"))
	probed := up("api")
	probed.Ready = false
	probed.Probes = []control.ProbeStatus{{Kind: "readiness", At: time.Now(), Failures: 4, Message: "connection refused", Probes: 9, Failed: 4, DurationSeconds: 0.0123}}
	serve(t, "shop", "", up("mail"), probed, down("worker", "exit code 1"))
	_, b := open(t, Options{})

	page := b.page("/")
	wants(t, page, "Services: 2, programs: 4, to look at: 1", "connection refused", "exit code 1", `<span class="state">well</span>`, "1/3", "1/1", `<html lang="en">`)
	if strings.Index(page, `href="/services/shop"`) > strings.Index(page, `href="/services/calm"`) {
		t.Errorf("what is well stands first:\n%s", page)
	}
	page = b.page("/services/shop")
	wants(t, page, "readiness", "4 of 9 failed, the last took 12.3 ms", "readiness probe failed 4 times: connection refused", "5.0Mi", "4711", "backoff", "not ready")
	if strings.Index(page, `program shop/mail`) < strings.Index(page, `program shop/worker`) {
		t.Errorf("what is well stands first:\n%s", page)
	}
	answer, text := b.do(http.MethodGet, "/services/nowhere", nil)
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("%s\n%s", answer.Status, text)
	}
}

// A page changes within a second of what happens, and with what changed alone.
func TestLive(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	s := serve(t, "shop", "", up("api"), up("mail"))
	_, b := open(t, Options{})
	next := b.follow("/services/shop/stream")
	pieces := func() (html map[string]string) { decode(t, next()["html"], &html); return html }
	until := func(key, want string) map[string]string {
		t.Helper()
		for begin := time.Now(); ; {
			if p := pieces(); strings.Contains(p[key], want) {
				return p
			} else if time.Since(begin) > 10*time.Second {
				t.Fatalf("%q didn't come: %v", want, p)
			}
		}
	}
	until("list", "program shop/mail")
	took := time.Hour
	for i := 0; i < 3 && took > time.Second; i++ { // a busy machine may be late once
		begin := time.Now()
		s.change(func() { s.programs[0].Restarts, s.programs[0].PID = 1, 4712+i })
		p := until("program shop/api", strconv.Itoa(4712+i))
		took = time.Since(begin)
		if _, there := p["program shop/mail"]; there {
			t.Errorf("what didn't change was sent: %v", p)
		}
	}
	if took > time.Second {
		t.Errorf("no change was seen within a second")
	}
	s.change(func() { s.programs[1] = down("mail", "exit code 7") })
	until("list", "exit code 7") // it goes first
}

// Lines come as they are written, and a search leaves those that match.
func TestLogs(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "one needle\ntwo\nthree NEEDLE\n", up("api"))
	_, b := open(t, Options{})
	page := b.page("/services/shop/logs?program=api&q=Needle")
	wants(t, page, "one needle", "three NEEDLE", "The last 100000 lines")
	wantsNot(t, page, ">two<")
	wants(t, b.page("/services/shop/logs"), ">two<", `<span class="program">api</span>`)

	next := b.follow("/services/shop/logs/stream?program=api&q=needle")
	var lines []logLine
	event := next()
	decode(t, event["lines"], &lines)
	if len(lines) != 2 || string(event["reset"]) != "true" || lines[1].Text != "three NEEDLE" {
		t.Errorf("%s", event)
	}
	appendLog(t, "shop", "no\nfour needle\n")
	decode(t, next()["lines"], &lines)
	if len(lines) != 1 || lines[0].Text != "four needle" {
		t.Errorf("%+v", lines)
	}
	if answer, _ := b.do(http.MethodGet, "/services/shop/logs?program=nobody", nil); answer.StatusCode != http.StatusNotFound {
		t.Error(answer.Status)
	}
}

// An order is given with who and why; one without a reason isn't, and what a service refuses is said, also on its page.
func TestOrders(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	s := serve(t, "shop", "", up("api"))
	d, b := open(t, Options{})
	wants(t, b.page("/services/shop/order?program=api"), `value="restart"`, `value="stop"`)
	order := func(form url.Values) (*http.Response, string) {
		return b.do(http.MethodPost, "/services/shop/order", nil, form.Encode())
	}
	for _, wrong := range []url.Values{
		{"program": {"api"}, "verb": {"restart"}},
		{"program": {"api"}, "verb": {"restart"}, "reason": {strings.Repeat("x", maxReason+1)}},
		{"program": {"api"}, "verb": {"reload"}, "reason": {"x"}},
		{"program": {"nobody"}, "verb": {"stop"}, "reason": {"x"}},
		{"program": {""}, "verb": {"stop"}, "reason": {"x"}},
	} {
		if answer, _ := order(wrong); answer.StatusCode < 400 {
			t.Errorf("%v: %s", wrong, answer.Status)
		}
	}
	answer, text := order(url.Values{"program": {"api"}, "verb": {"restart"}, "reason": {"new\x1b[2J config"}})
	if answer.StatusCode != http.StatusOK || len(s.got) != 1 || s.got[0].Program != "api" || s.got[0].Verb != control.VerbRestart ||
		s.got[0].Reason != "dashboard (restart) by ann: new [2J config" {
		t.Errorf("%s %+v", answer.Status, s.got)
	}
	wants(t, text, "Done after")
	d.orders.give = func(context.Context, string, control.Command) (control.Answer, error) {
		return control.Answer{}, &control.APIError{Status: http.StatusForbidden, Problem: control.Problem{Error: "you are a reader", Hint: "ask an administrator"}}
	}
	answer, text = order(url.Values{"program": {"api"}, "verb": {"stop"}, "reason": {"x"}})
	if answer.StatusCode != http.StatusForbidden {
		t.Error(answer.Status)
	}
	wants(t, text, "may give this service no orders", "you are a reader: ask an administrator")
	wants(t, b.page("/services/shop"), "you are a reader: ask an administrator")
}

// The pages are Chinese for who prefers it, and for who chose it.
func TestLanguages(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{})
	for accept, want := range map[string]string{
		"": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "en-GB,en;q=0.9,zh;q=0.8": "en", "de, zh;q=0.5, en;q=0.4": "zh", "zh;q=x": "en", "de": "en",
	} {
		answer, _ := b.do(http.MethodGet, "/", func(r *http.Request) { r.Header.Set("Accept-Language", accept) })
		if got := answer.Header.Get("Content-Language"); got != want {
			t.Errorf("%q: %s", accept, got)
		}
	}
	answer, _ := b.do(http.MethodPost, "/language", nil, "to=zh&back=/services/shop%3Fa=b")
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/services/shop?a=b" {
		t.Errorf("%s %v", answer.Status, answer.Header)
	}
	_, text := b.do(http.MethodGet, "/services/shop", func(r *http.Request) { r.AddCookie(answer.Cookies()[0]) })
	wants(t, text, `<html lang="zh-CN">`, "运行中", "内存", ">English<")
}

// What others make of a service stands in its page, and a page of theirs has a link; one that fails takes nothing else with it.
func TestPanelsAndPages(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{
		Panels: []Panel{
			{"Memory", func(_ context.Context, v View) (template.HTML, error) {
				return template.HTML("<svg></svg>" + v.T("Memory")), nil
			}},
			{"Logs", func(context.Context, View) (template.HTML, error) { return "", errors.New("<no history>") }},
		},
		Pages: []Page{{"falls", "Restarts", func(_ context.Context, v View) (template.HTML, error) {
			return template.HTML("<p>" + template.HTMLEscapeString(v.Service+v.Query.Get("days")) + "</p>"), nil
		}}},
	})
	wants(t, b.page("/services/shop"), "<svg></svg>Memory", "&lt;no history&gt;", `href="/services/shop/falls"`, "program shop/api")
	wants(t, b.page("/services/shop/falls?days=7"), "<p>shop7</p>", "<h1>Restarts</h1>")
}

// A page of all services has a link in the first page.
func TestMachinePages(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{Machine: []Page{{"timeline", "Restarts", func(_ context.Context, v View) (template.HTML, error) {
		return template.HTML("<p>" + template.HTMLEscapeString(v.Service+v.Query.Get("last")) + "</p>"), nil
	}}}})
	wants(t, b.page("/"), `href="/timeline"`, "Restarts")
	page := b.page("/timeline?last=7d")
	wants(t, page, "<p>7d</p>", "<h1>Restarts</h1>")
	wantsNot(t, page, `href="/services/"`)
}

// What an open page hears is there for others in this process, and once nobody looks any more it isn't.
func TestHeard(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	d, b := open(t, Options{})
	if _, ok := d.Heard("shop"); ok {
		t.Error("heard before anybody looked")
	}
	defer d.watch.hold()() // as an open page does
	b.page("/services/shop")
	for { // a page waits for firstLook and no longer, and a busy machine takes longer
		now := d.watch.now()
		if st, ok := d.Heard("shop"); ok {
			if len(st.Programs) != 1 {
				t.Errorf("while a page is open: %+v", st)
			}
			break
		}
		select {
		case <-now.next:
		case <-time.After(30 * time.Second):
			t.Fatal("nothing was heard while a page was open")
		}
	}
	if _, ok := d.Heard("other"); ok {
		t.Error("heard of a service that isn't there")
	}
	for since, want := range map[time.Duration]bool{0: true, 2 * heardFor: false} {
		w := &watch{state: &state{machine: live.Machine{Services: []live.Seen{{Service: "a"}, {Service: "shop", Heard: time.Now().Add(-since)}}}}}
		if _, ok := w.heard("shop"); ok != want {
			t.Errorf("%v after it was heard: %v", since, ok)
		}
	}
}
