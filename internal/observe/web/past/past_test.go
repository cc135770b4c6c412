package past

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/history"
	"github.com/daruma-sh/daruma/internal/observe/web"
)

// shop is a service with a record and a log.
type shop struct {
	t    *testing.T
	dir  folders.Folders
	rec  *incident.Recorder
	log  *logfile.Writer
	past *Past
	h    *history.History
}

func newShop(t *testing.T) *shop {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	s := &shop{t: t}
	var err error
	if s.dir, err = folders.Of("shop"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.dir.State, s.dir.Logs} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if s.rec, _, err = incident.Open(s.dir.Incidents(), incident.Options{Service: "shop", Start: incident.ServiceStarted, Relapse: time.Nanosecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.rec.Close(context.Background()) })
	if s.log, err = logfile.NewWriter(filepath.Join(s.dir.Logs, "api.log"), logfile.Settings{Format: logfile.Text}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.log.Close() })
	s.rec.RecordWanted("api", true, "start")
	s.h = history.Open("", func(err error) { t.Error(err) })
	s.past = New(s.h, s.look)
	return s
}

// look is what the observer does.
func (s *shop) look(context.Context) ([]observe.Seen, error) {
	if err := s.rec.Flush(context.Background()); err != nil {
		return nil, err
	}
	h, err := incident.Read(s.dir.Incidents())
	if err != nil {
		return nil, err
	}
	seen := observe.Seen{Service: "shop", Status: control.Status{Programs: []control.ProgramStatus{{Name: "api", Wanted: true, PID: 1, MemoryBytes: 1 << 20}}}}
	s.h.TakeRecord(&seen, h)
	return []observe.Seen{seen}, nil
}

func (s *shop) says(line string) {
	if _, err := s.log.Write([]byte(line + "\n")); err != nil {
		s.t.Fatal(err)
	}
}

func view(service, query string) web.View {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return web.View{Service: service, Language: "en", T: func(text string) string { return text }, Query: q}
}

func body(t *testing.T, page func(context.Context, web.View) (template.HTML, error), v web.View) string {
	t.Helper()
	text, err := page(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wants(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in\n%s", want, text)
		}
	}
}

const hostile = "<b onclick=x>\"'\x1b[31m\u202e"

// A fall stands on the timeline, in words below it, and leads to its record: with the program's last output and the log around it.
func TestFromTheTimelineToTheRecord(t *testing.T) {
	s := newShop(t)
	for range 3 {
		s.says("well")
	}
	s.says("panic: " + hostile)
	id := s.rec.RecordFall(incident.Fall{Program: "api", Generation: 7, Kind: incident.Exit, Cause: "exit code 2 " + hostile, LastOutput: []string{"last words " + hostile}})
	s.rec.RecordAction(incident.Action{Program: "api", What: "restarted at once", Generation: 8})
	s.rec.RecordRecovery(incident.Recovery{Program: "api", Generation: 8})
	s.says("here again")

	page := body(t, s.past.falls, view("shop", ""))
	address := "/services/shop/incident?id=" + id
	wants(t, page, `href="`+address+`"`, "tl-recovered", "exit code 2 &lt;b onclick=x&gt;", "restarted at once", "stands again", `href="/services/shop/falls?last=7d"`)
	if page := body(t, s.past.falls, view("", "last=1h")); !strings.Contains(page, `href="`+address+`"`) || !strings.Contains(page, `href="/timeline?last=7d"`) {
		t.Errorf("the page of all services:\n%s", page)
	}
	if page := body(t, s.past.falls, view("other", "")); !strings.Contains(page, "Nothing fell") {
		t.Errorf("the page of another service:\n%s", page)
	}
	page = body(t, s.past.incident, view("shop", "id="+id))
	wants(t, page, "exit code 2 &lt;b onclick=x&gt;", "last words &lt;b", "^[[31m", "panic: ", "here again", "(run 7)", "(run 8)", "restarted at once", "/services/shop/logs?program=api")
	wants(t, body(t, s.past.incident, view("shop", "")), `href="`+address+`"`)
	wants(t, body(t, s.past.incident, view("shop", "id=99")), "no longer holds this incident", `href="`+address+`"`)
	wants(t, body(t, s.past.incident, view("empty", "")), "No incident is recorded")
	for _, page := range []string{body(t, s.past.falls, view("shop", "last="+url.QueryEscape(hostile))), body(t, s.past.incident, view("shop", "id="+url.QueryEscape(hostile))), page} {
		if strings.Contains(page, "<b") && !strings.Contains(page, "<b>") || strings.Contains(page, "\x1b") || strings.Contains(page, "\u202e") || strings.Contains(page, "style=") {
			t.Errorf("what a stranger wrote isn't text:\n%s", page)
		}
	}
}

// Around a fall a page shows some lines before and after it, however long the log is.
func TestLinesAroundAFall(t *testing.T) {
	s := newShop(t)
	for k := range 2000 {
		s.says(fmt.Sprintf("before %04d", k))
	}
	time.Sleep(2 * time.Millisecond) // sleep: times in the log have milliseconds
	id := s.rec.RecordFall(incident.Fall{Program: "api", Kind: incident.Exit, Cause: "exit code 2"})
	s.rec.RecordRecovery(incident.Recovery{Program: "api"})
	time.Sleep(2 * time.Millisecond) // sleep: as above
	for k := range 2000 {
		s.says(fmt.Sprintf("after %04d %s", k, strings.Repeat("x", 3*maxLine)))
	}
	if _, err := s.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	page := body(t, s.past.incident, view("shop", "id="+id))
	wants(t, page, "before 1999", "before 1910", "after 0000", "after 0090", "There are more lines", "x…")
	for _, far := range []string{"before 1890", "after 0110"} { // the index of a log knows the time of a piece of it, not of each line
		if strings.Contains(page, far) {
			t.Errorf("%s is shown", far)
		}
	}
	if n := strings.Count(page, `class="line`); n != maxLines {
		t.Errorf("%d lines", n)
	}
}

// The pages of availability and of a day say what is known.
func TestAvailabilityAndDay(t *testing.T) {
	s := newShop(t)
	wants(t, body(t, s.past.availability, view("", "")), "shop/api", `href="/services/shop/availability"`, "100.000%")
	wants(t, body(t, s.past.availability, view("shop", "")), "shop/api", "tl-days", "nothing is known")
	wants(t, body(t, s.past.day, view("shop", "")), "Nothing is known yet")
	if text := body(t, s.past.availability, view("other", "")); strings.Contains(text, "shop") {
		t.Errorf("another service's page has\n%s", text)
	}
}

// A service with many programs has a small line for each in its page, which leads to the charts.
func TestUsageOfManyPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := history.Open("", func(err error) { t.Error(err) })
		seen := observe.Seen{Service: "shop"}
		for k := range maxSparks + 5 {
			seen.Status.Programs = append(seen.Status.Programs, control.ProgramStatus{Name: fmt.Sprintf("p%d", k), Wanted: true, PID: 1, MemoryBytes: 5 << 20})
		}
		look := func(context.Context) ([]observe.Seen, error) { return []observe.Seen{seen}, nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); h.Run(ctx, look) }()
		synctest.Wait()
		p := New(h, look)
		page := body(t, p.day, view("shop", ""))
		wants(t, page, `href="/services/shop/usage?program=p7"`, "tl-spark", "most 5.0 MiB", "Programs that aren&#39;t shown: 5")
		if strings.Contains(page, "tl-chart") {
			t.Error("there are charts, too")
		}
		page = body(t, p.usage, view("shop", "program=p7"))
		if strings.Count(page, "tl-chart") != 1 || !strings.Contains(page, "<h3>p7</h3>") {
			t.Errorf("%s", page)
		}
		if page = body(t, p.usage, view("shop", "")); strings.Count(page, "tl-chart") != maxCharts {
			t.Errorf("%s", page)
		}
		if page = body(t, p.usage, view("shop", "program=nobody")); !strings.Contains(page, "Nothing is known yet") {
			t.Errorf("%s", page)
		}
		cancel()
		<-done
	})
}

// A supervisor that hangs keeps no page waiting, and many pages look once.
func TestPagesDontWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int64
		p := New(history.Open("", func(err error) { t.Error(err) }), func(context.Context) ([]observe.Seen, error) {
			looks.Add(1)
			time.Sleep(time.Second)
			return nil, errors.New("too late")
		})
		begin := time.Now()
		for range 3 {
			body(t, p.falls, view("shop", ""))
		}
		if took := time.Since(begin); took != 3*patience || looks.Load() != 1 {
			t.Errorf("three pages took %v, with %d looks", took, looks.Load())
		}
		time.Sleep(2 * time.Second)
		body(t, p.falls, view("shop", ""))
		if looks.Load() != 2 {
			t.Errorf("%d looks later", looks.Load())
		}
		time.Sleep(2 * time.Second)
	})
}

// More readings than there are places are refused, and the places are free again.
func TestReadingsAreBounded(t *testing.T) {
	s := newShop(t)
	for range maxReading {
		s.past.reading <- struct{}{}
	}
	if _, err := s.past.incident(t.Context(), view("shop", "")); err == nil {
		t.Error("one more was let in")
	}
	<-s.past.reading
	for range 2 {
		body(t, s.past.incident, view("shop", ""))
	}
}
