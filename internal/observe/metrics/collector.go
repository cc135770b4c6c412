// Package metrics gives what the observer sees to Prometheus: as an exporter for its scrapes, or as a file for the textfile collectors of
// node_exporter and windows_exporter.
//
// One metric a fact of daruma status, named by Prometheus' rules (prometheus.io/docs/practices/naming). Labels are service, program and
// names of fixed sets; a pid or the number of a run is never one.
package metrics

import (
	"context"
	"runtime"

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
}

// NewCollector gives a collector of what o sees; version is daruma's.
func NewCollector(o looker, version string) *Collector {
	return &Collector{observer: o, version: version, descs: newDescs()}
}

// Describe sends every metric's name, help and labels.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs.all {
		ch <- d
	}
}

// Collect looks at the services, a second at most, and sends what it saw. A service that doesn't answer has daruma_service_up 0 and nothing
// else: its programs may run, and nobody knows.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	seen, err := c.observer.Look(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.descs.serviceUp, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(c.descs.build, prometheus.GaugeValue, 1, c.version, runtime.Version())
	for i := range seen {
		c.service(sender{ch, []string{seen[i].Service}}, &seen[i])
	}
}

// sender sends metrics that have these labels first.
type sender struct {
	ch     chan<- prometheus.Metric
	labels []string
}

func (s sender) with(label string) sender {
	return sender{s.ch, append(s.labels[:len(s.labels):len(s.labels)], label)}
}

func (s sender) gauge(d *prometheus.Desc, v float64) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, s.labels...)
}

func (s sender) counter(d *prometheus.Desc, v float64) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, s.labels...)
}

// known sends what is unknown where it is 0.
func (s sender) known(d *prometheus.Desc, v float64) {
	if v > 0 {
		s.gauge(d, v)
	}
}

func (s sender) flag(d *prometheus.Desc, v bool) {
	if v {
		s.gauge(d, 1)
	} else {
		s.gauge(d, 0)
	}
}

func (c *Collector) service(to sender, seen *observe.Seen) {
	to.flag(c.descs.serviceUp, seen.Err == nil)
	if seen.Err != nil {
		return
	}
	st := &seen.Status
	if !st.StartedAt.IsZero() {
		to.gauge(c.descs.serviceStart, float64(st.StartedAt.UnixMilli())/1e3)
	}
	to.counter(c.descs.supervisorRestarts, float64(st.SupervisorRestarts))
	to.flag(c.descs.definitionLoaded, st.Definition == control.DefinitionLoaded || st.Definition == "")
	to.gauge(c.descs.warnings, float64(len(st.Warnings)))
	for kind, n := range seen.Falls[""].Incidents {
		to.with(string(kind)).counter(c.descs.serviceIncidents, float64(n))
	}
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
		to.gauge(d.start, float64(p.StartedAt.UnixMilli())/1e3)
	}
	c.restarts(to, p)
	if e := p.LastExit; e != nil && e.Code != nil {
		to.gauge(d.lastExit, float64(*e.Code))
	}
	to.counter(d.cpu, p.CPUSeconds)
	to.known(d.memory, float64(p.MemoryBytes))
	to.known(d.processes, float64(p.Processes))
	to.known(d.files, float64(p.OpenFiles))
	to.counter(d.logBytes, float64(p.LogBytes))
	to.counter(d.logLost, float64(p.LogLost))
	for i := range p.Probes {
		probe := to.with(p.Probes[i].Kind)
		probe.flag(d.probeOK, p.Probes[i].OK)
		probe.gauge(d.probeInARow, float64(p.Probes[i].Failures))
		probe.counter(d.probes, float64(p.Probes[i].Probes))
		probe.counter(d.probesFailed, float64(p.Probes[i].Failed))
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
		to.with(cause).counter(c.descs.restarts, float64(n))
		rest -= n
	}
	if rest > 0 { // of a daruma that didn't count them apart
		to.with("other").counter(c.descs.restarts, float64(rest))
	}
}

func (c *Collector) falls(to sender, f *observe.Falls) {
	d := &c.descs
	for kind, n := range f.Incidents {
		to.with(string(kind)).counter(d.incidents, float64(n))
	}
	buckets, sum := make(map[float64]uint64, len(f.Recovery.In)), uint64(0)
	for i, bound := range observe.RecoveryBuckets() {
		sum += f.Recovery.In[i]
		buckets[bound] = sum
	}
	to.ch <- prometheus.MustNewConstHistogram(d.recovery, f.Recovery.Count, f.Recovery.Seconds, buckets, to.labels...)
	if f.Recorded {
		ratio := 1.0
		if f.Wanted > 0 {
			ratio = 1 - min(1, f.Down.Seconds()/f.Wanted.Seconds())
		}
		to.gauge(d.availability, ratio)
	}
}
