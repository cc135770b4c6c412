// Package metrics gives what the observer sees to Prometheus: as an exporter for its scrapes, or as a file for the textfile collectors of
// node_exporter and windows_exporter.
//
// One metric a fact of daruma status, named by Prometheus' rules (prometheus.io/docs/practices/naming). Labels are service, program and
// names of fixed sets; a pid or the number of a run is never one.
package metrics

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe"
)

// looker is observe.Observer.
type looker interface {
	Look(ctx context.Context) ([]observe.Seen, error)
}

// Collector asks the services at each scrape. It implements [prometheus.Collector].
type Collector struct {
	observer looker
	version  string
	descs    descs
	shipped  func() []Shipped // nil: nothing is shipped
}

// NewCollector gives a collector of what o sees; version is daruma's.
func NewCollector(o looker, version string) *Collector {
	return &Collector{observer: o, version: version, descs: newDescs()}
}

// Describe sends every metric's name, help and labels.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.descs.all {
		ch <- f.desc
	}
}

// Collect is for those who have a registry of client_golang; [Collector.Write] gives the same, and faster.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	if err := c.collect(context.Background(), objects(ch)); err != nil {
		ch <- prometheus.NewInvalidMetric(c.descs.serviceUp.desc, err)
	}
}

// collect looks at the services, a second at most, and gives what it saw. A service that doesn't answer has daruma_service_up 0 and nothing
// else: its programs may run, and nobody knows.
func (c *Collector) collect(ctx context.Context, to sink) error {
	seen, err := c.observer.Look(ctx)
	if err != nil {
		return err
	}
	sender{to, []string{c.version, runtime.Version()}}.put(c.descs.build, 1)
	c.shipping(to, time.Now())
	for i := range seen {
		c.service(sender{to, []string{seen[i].Service}}, &seen[i])
	}
	return nil
}

// sender sends metrics that have these labels first.
type sender struct {
	to     sink
	labels []string
}

func (s sender) put(f *family, v float64) { s.to.number(f, v, s.labels) }

func (s sender) with(label string) sender {
	return sender{s.to, append(s.labels[:len(s.labels):len(s.labels)], label)}
}

// known sends what is unknown where it is 0.
func (s sender) known(f *family, v float64) {
	if v > 0 {
		s.put(f, v)
	}
}

func (s sender) flag(f *family, v bool) {
	if v {
		s.put(f, 1)
	} else {
		s.put(f, 0)
	}
}

// byKey sends the numbers of a map with their keys as the last label, sorted: a text that is the same while the facts are can be compared, and stored in
// less.
func byKey[K ~string, N ~int64 | ~uint64](to sender, f *family, numbers map[K]N) {
	for _, key := range slices.Sorted(maps.Keys(numbers)) {
		to.with(string(key)).put(f, float64(numbers[key]))
	}
}

func (c *Collector) service(to sender, seen *observe.Seen) {
	to.flag(c.descs.serviceUp, seen.Err == nil)
	if seen.Err != nil {
		return
	}
	st := &seen.Status
	if !st.StartedAt.IsZero() {
		to.put(c.descs.serviceStart, float64(st.StartedAt.UnixMilli())/1e3)
	}
	to.put(c.descs.supervisorRestarts, float64(st.SupervisorRestarts))
	to.flag(c.descs.definitionLoaded, st.Definition == control.DefinitionLoaded || st.Definition == "")
	to.put(c.descs.warnings, float64(len(st.Warnings)))
	byKey(to, c.descs.serviceIncidents, seen.Falls[""].Incidents)
	for i := range st.Programs {
		p := to.with(st.Programs[i].Name)
		c.program(p, &st.Programs[i])
		if f, there := seen.Falls[st.Programs[i].Name]; there {
			c.falls(p, &f)
		}
	}
}

func (c *Collector) program(to sender, p *control.ProgramStatus) {
	d := &c.descs
	to.flag(d.up, p.PID != 0)
	to.flag(d.wanted, p.Wanted)
	to.flag(d.ready, p.Ready)
	to.flag(d.healthy, p.Healthy)
	to.flag(d.paused, p.Paused)
	for _, state := range control.States() {
		to.with(string(state)).flag(d.state, p.State == state)
	}
	if p.PID != 0 && !p.StartedAt.IsZero() {
		to.put(d.start, float64(p.StartedAt.UnixMilli())/1e3)
	}
	c.restarts(to, p)
	if e := p.LastExit; e != nil && e.Code != nil {
		to.put(d.lastExit, float64(*e.Code))
	}
	to.put(d.cpu, p.CPUSeconds)
	to.known(d.memory, float64(p.MemoryBytes))
	to.known(d.processes, float64(p.Processes))
	to.known(d.files, float64(p.OpenFiles))
	to.put(d.logBytes, float64(p.LogBytes))
	to.put(d.logLost, float64(p.LogLost))
	for i := range p.Probes {
		probe := to.with(p.Probes[i].Kind)
		probe.flag(d.probeOK, p.Probes[i].OK)
		probe.put(d.probeInARow, float64(p.Probes[i].Failures))
		probe.put(d.probes, float64(p.Probes[i].Probes))
		probe.put(d.probesFailed, float64(p.Probes[i].Failed))
		probe.known(d.probeDuration, p.Probes[i].DurationSeconds)
	}
}

// causes are the kinds of falls that restarts follow. Each is there from the beginning: a rate() doesn't see the first step of a series that begins
// with it.
var causes = [...]string{"exit", "signal", "outOfMemory", "livenessProbe", "startupProbe", "postStart", "spawn"}

func (c *Collector) restarts(to sender, p *control.ProgramStatus) {
	rest := p.Restarts
	for _, cause := range causes {
		n := p.RestartsBy[cause]
		to.with(cause).put(c.descs.restarts, float64(n))
		rest -= n
	}
	if rest > 0 { // of a daruma that didn't count them apart
		to.with("other").put(c.descs.restarts, float64(rest))
	}
}

func (c *Collector) falls(to sender, f *observe.Falls) {
	d := &c.descs
	byKey(to, d.incidents, f.Incidents)
	bounds := observe.RecoveryBuckets()
	h := histogram{count: f.Recovery.Count, sum: f.Recovery.Seconds, bounds: bounds[:], up: make([]uint64, len(bounds))}
	sum := uint64(0)
	for i, n := range f.Recovery.In {
		sum += n
		h.up[i] = sum
	}
	to.to.histogram(d.recovery, &h, to.labels)
	if f.Recorded {
		ratio := 1.0
		if f.Wanted > 0 {
			ratio = 1 - min(1, f.Down.Seconds()/f.Wanted.Seconds())
		}
		to.put(d.availability, ratio)
	}
}
