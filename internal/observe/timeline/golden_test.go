package timeline

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe/history"
)

var update = flag.Bool("update", false, "write the golden files anew")

const hostile = "a\"><script>alert(1)</script>'&\x00\x1b[31m\u202e\nz"

func noon() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func links() Links {
	return Links{
		Incident: func(service, id string) string {
			return Address("/services/"+url.PathEscape(service)+"/incident", url.Values{"id": {id}})
		},
		Program: func(service string) string { return "/services/" + url.PathEscape(service) },
		Span: func(service string, s Span) string {
			q := s.Query()
			q.Set("service", service)
			return Address("/falls", q)
		},
	}
}

// fell makes an incident that began so long before noon.
func fell(program, id string, ago, down time.Duration) history.Fall {
	return history.Fall{Service: "shop", Program: program, ID: id, Kind: incident.Exit, Outcome: incident.Recovered, Cause: "exit code 1", Action: "restarted at once",
		Count: 1, Restarts: 1, From: noon().Add(-ago), Until: noon().Add(-ago + down), Down: down}
}

// collected makes rows of these.
func collected(s Span, falls []history.Fall, days ...history.Day) *Rows {
	r := Collect(s, func(each func(*history.Fall) bool) {
		for k := range falls {
			each(&falls[k])
		}
	}, func(each func(service, program string, day history.Day) bool) {
		for _, d := range days {
			each("shop", "api", d)
		}
	})
	return &r
}

func lastDay() Span { return Span{noon().Add(-24 * time.Hour), noon()} }

// usage is that of a program which was unknown for a while, and peaked once.
func usage() history.Usage {
	u := history.Usage{Until: noon()}
	for k := range history.Minutes {
		cpu, memory := 0.25+0.2*math.Sin(float64(k)/90), float64(200+k/10)*(1<<20)
		if k == 1000 {
			cpu = 3.5
		}
		if k < 200 || k > 600 && k < 700 {
			cpu, memory = math.NaN(), math.NaN()
		}
		u.CPU, u.Memory = append(u.CPU, cpu), append(u.Memory, memory)
	}
	return u
}

func days() []history.Day {
	var list []history.Day
	for k := range history.Days {
		d := history.Day{Begin: time.Date(2026, 11, 28-history.Days+1+k, 0, 0, 0, 0, time.UTC)}
		if k > 80 {
			d.Known = true
			d.Portion = incident.Portion{Wanted: incident.Millis(24 * time.Hour)}
		}
		switch k {
		case 85:
			d.Incidents, d.Down = 3, incident.Millis(time.Minute)
		case 88:
			d.Incidents, d.Down = 1, incident.Millis(12*time.Hour)
		}
		list = append(list, d)
	}
	return list
}

func available() []history.Availability {
	full := incident.Portion{Wanted: incident.Millis(24 * time.Hour)}
	less := incident.Portion{Wanted: incident.Millis(90 * 24 * time.Hour), Down: incident.Millis(time.Second), Incidents: 4, Falls: 40, Recovered: 4,
		RecoverySum: incident.Millis(time.Second), WorstRecovery: incident.Millis(400 * time.Millisecond)}
	since := noon().Add(-time.Hour)
	return []history.Availability{
		{Service: "shop", Program: "api", Over: [4]incident.Portion{full, full, less, less}, Since: [4]time.Time{since, since, since, since}},
		{Service: "shop", Program: hostile},
	}
}

// drawings are what the golden files show.
func drawings() map[string]string {
	several := []history.Fall{
		fell("", "1", 23*time.Hour, 0),
		fell("api", "2", 20*time.Hour, 2500*time.Millisecond),
		fell("api", "3", 10*time.Hour, 90*time.Minute),
		fell("api", "4", 8*time.Hour, time.Second),
		fell("api", "5", 8*time.Hour-time.Minute, time.Second),
		fell("worker", "6", 5*time.Hour, time.Hour),
		fell("worker", "7", time.Hour, time.Hour),
		fell("x"+hostile, hostile, 2*time.Hour, time.Minute),
	}
	several[2].Count, several[2].Cause = 37, hostile
	several[5].Outcome, several[5].Ended = incident.Stopped, "stopped by admin"
	several[6].Outcome, several[6].Open = incident.Ongoing, true
	week := Span{noon().Add(-7 * 24 * time.Hour), noon()}
	forgotten := history.Day{Begin: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Known: true, Portion: incident.Portion{Incidents: 12, Down: incident.Millis(time.Minute)}}
	w := English()
	return map[string]string{
		"timeline":           Draw(collected(lastDay(), several), links(), w),
		"timeline-empty":     Draw(collected(lastDay(), nil), links(), w),
		"timeline-forgotten": Draw(collected(week, several[3:4], forgotten), links(), w),
		"chart":              Chart(usage(), w),
		"spark":              Spark(usage().CPU, "CPU of "+hostile),
		"availability":       Availability(available(), links().Program, w),
		"days":               Days("shop/"+hostile, days(), func(s Span) string { return links().Span("shop", s) }, w),
	}
}

// TestGolden compares each drawing with its file in testdata, which can be looked at in a browser. -update writes them.
func TestGolden(t *testing.T) {
	for name, got := range drawings() {
		file := filepath.Join("testdata", name+".html")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(string(want), "\r\n", "\n") != got {
			t.Errorf("%s is another one: write it anew with -update, and look at the difference\n%s", file, got)
		}
	}
}

// What a stranger wrote is text and nothing else; there is no style and no script, each link says where it leads, and every drawing is well formed.
func TestDrawingsAreSafe(t *testing.T) {
	for name, text := range drawings() {
		d := xml.NewDecoder(strings.NewReader("<x>" + text + "</x>"))
		d.Entity = xml.HTMLEntity
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, is := token.(xml.StartElement)
			if !is {
				continue
			}
			if start.Name.Local == "script" || start.Name.Local == "style" {
				t.Errorf("%s has a <%s>", name, start.Name.Local)
			}
			checkAttributes(t, name, start)
		}
		for _, r := range text {
			if r < ' ' && r != '\n' || r == '\u202e' {
				t.Errorf("%s has the character %U", name, r)
			}
		}
	}
}

func checkAttributes(t *testing.T, name string, e xml.StartElement) {
	t.Helper()
	class := regexp.MustCompile(`^tl(-[a-z]+)?( tl-[a-z]+)*$`)
	for _, a := range e.Attr {
		switch {
		case strings.HasPrefix(a.Name.Local, "on"), a.Name.Local == "style":
			t.Errorf("%s: <%s> has %s", name, e.Name.Local, a.Name.Local)
		case a.Name.Local == "href" && !strings.HasPrefix(a.Value, "/"):
			t.Errorf("%s: a link leads to %q", name, a.Value)
		case a.Name.Local == "class" && !class.MatchString(a.Value):
			t.Errorf("%s: class %q is none of ours", name, a.Value)
		case a.Name.Local == "aria-label" && strings.TrimSpace(a.Value) == "":
			t.Errorf("%s: <%s> has an empty label", name, e.Name.Local)
		}
	}
}

// Every text goes through the translation, and is one of the list.
func TestEveryTextIsTranslated(t *testing.T) {
	known, used := map[string]bool{}, map[string]bool{}
	for _, text := range Texts() {
		known[text] = true
	}
	w := Words{Zone: time.UTC, T: func(text string) string {
		if used[text] = true; !known[text] {
			t.Errorf("%q isn't in the list", text)
		}
		return "«" + text + "»"
	}}
	rows := collected(lastDay(), []history.Fall{fell("api", "1", time.Hour, time.Second), fell("api", "2", time.Hour-time.Second, time.Second), fell("", "3", time.Hour, 0)})
	for _, o := range []incident.Outcome{incident.Recovered, incident.GaveUp, incident.Stopped, incident.Superseded, incident.Ongoing} {
		f := fell(string(o), "4", time.Hour, time.Second)
		f.Outcome, f.Count = o, 5
		rows.Rows = append(rows.Rows, collected(lastDay(), []history.Fall{f}, history.Day{Begin: noon(), Portion: incident.Portion{Incidents: 1}}).Rows...)
	}
	open := fell("open", "5", time.Hour, time.Second)
	open.Open, open.Outcome = true, incident.Ongoing
	rows.Rows, rows.More = append(rows.Rows, collected(lastDay(), []history.Fall{open}).Rows...), 3
	text := Draw(rows, links(), w) + Draw(collected(lastDay(), nil), links(), w) + Availability(available(), links().Program, w) +
		Days("x", days(), func(Span) string { return "/" }, w)
	u := usage()
	u.CPU[len(u.CPU)-1], u.CPU[len(u.CPU)-2] = math.NaN(), math.NaN()
	text += Chart(u, w)
	for text := range known {
		if !used[text] {
			t.Errorf("%q is translated and never shown", text)
		}
	}
	for _, english := range []string{">Program<", ">Nothing", ">CPU<"} {
		if strings.Contains(text, english) {
			t.Errorf("%s isn't translated", english)
		}
	}
}
