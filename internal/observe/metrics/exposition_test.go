package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

// The text is what client_golang makes of the same metrics, also where a supervisor gives names that need quoting.
func TestText(t *testing.T) {
	seen := shop()
	seen[1].Status.Programs[1].Name = "a \\ \"quoted\"\nname"
	c := NewCollector(seen, `1.0 "beta"`)
	var body bytes.Buffer
	if err := c.Write(t.Context(), &body); err != nil {
		t.Fatal(err)
	}
	if err := testutil.CollectAndCompare(c, &body); err != nil {
		t.Error(err)
	}
}

func TestOpenMetrics(t *testing.T) {
	c, open := NewCollector(shop(), "1.0.0"), &text{open: true}
	var body bytes.Buffer
	if err := errors.Join(c.fill(t.Context(), open), c.write(&body, open)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# TYPE daruma_program_log_bytes counter\ndaruma_program_log_bytes_total{", `le="0.01"} 1`, `le="1.0"} 3`, `le="+Inf"} 4`, "daruma_program_recovery_seconds_sum{",
	} {
		if !strings.Contains(body.String(), want) {
			t.Errorf("%s isn't in\n%s", want, body.String())
		}
	}
	if !strings.HasSuffix(body.String(), "\n# EOF\n") {
		t.Error("the end isn't marked")
	}
}

// A second answer into the same memory has nothing of the first, and none is made for it.
func TestTextIsUsedAgain(t *testing.T) {
	big, few, used := NewCollector(thousand(), "1.0.0"), NewCollector(shop(), "1.0.0"), &text{}
	if err := big.fill(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	memory := &used.families[big.descs.up.index][0]
	var want, got bytes.Buffer
	if err := errors.Join(few.Write(t.Context(), &want), few.fill(t.Context(), used), few.write(&got, used)); err != nil || got.String() != want.String() {
		t.Errorf("%v, got\n%s", err, got.String())
	}
	if &used.families[big.descs.up.index][0] != memory {
		t.Error("other memory was taken")
	}
}

// The same facts give the same text each time, though maps have no order.
func TestTextHasAnOrder(t *testing.T) {
	seen := shop()
	for i, kind := range []incident.Kind{incident.Exit, incident.Signal, incident.LivenessProbe, incident.StartupProbe, incident.Spawn, incident.OutOfMemory} {
		seen[1].Falls["api"].Incidents[kind], seen[1].Falls[""].Incidents[kind] = int64(i), int64(i)
	}
	c := NewCollector(seen, "1.0.0")
	c.ShowShipping(func() []Shipped {
		return []Shipped{{Target: "elk", FailedRequests: map[string]uint64{"3xx": 1, "4xx": 2, "5xx": 3, "none": 4, "unexpected": 5}}}
	})
	var first bytes.Buffer
	if err := c.Write(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		var again bytes.Buffer
		if err := c.Write(t.Context(), &again); err != nil || again.String() != first.String() {
			t.Fatalf("%v, first\n%s\nand then\n%s", err, first.String(), again.String())
		}
	}
}

func TestTextFails(t *testing.T) {
	if err := NewCollector(blind{}, "1.0.0").Write(t.Context(), io.Discard); !errors.Is(err, errBlind) {
		t.Error(err)
	}
}

var errBlind = errors.New("the folders can't be read")

type blind struct{}

func (blind) Look(context.Context) ([]observe.Seen, error) { return nil, errBlind }

// gated is an observer whose look takes until it is let go.
type gated struct{ looks, letGo chan struct{} }

func (g gated) Look(context.Context) ([]observe.Seen, error) {
	g.looks <- struct{}{}
	<-g.letGo
	return nil, nil
}

// More scrapes at once than there is memory set aside for are refused, and taken again afterwards.
func TestTooManyScrapes(t *testing.T) {
	g := gated{make(chan struct{}), make(chan struct{})}
	scrape := newScrape(NewCollector(g, "1.0.0"))
	codes := make(chan int, atOnce)
	one := func() int {
		answer := httptest.NewRecorder()
		scrape(answer, httptest.NewRequest("GET", "/metrics", nil))
		return answer.Code
	}
	for range atOnce {
		go func() { codes <- one() }()
		<-g.looks
	}
	if code := one(); code != 503 {
		t.Errorf("one too many is answered %d", code)
	}
	close(g.letGo)
	for range atOnce {
		if code := <-codes; code != 200 {
			t.Errorf("%d", code)
		}
	}
	go func() { <-g.looks }()
	if code := one(); code != 200 {
		t.Errorf("afterwards: %d", code)
	}
}
