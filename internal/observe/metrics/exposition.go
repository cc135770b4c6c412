package metrics

import (
	"context"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// sink takes metrics: the lists that client_golang makes, or the text of an answer.
//
// The text is written here because a scrape of 1,000 programs is some 50,000 lines: client_golang's registry and encoder make a million
// objects of them.
type sink interface {
	number(f *family, v float64, labels []string)
	histogram(f *family, h *histogram, labels []string)
}

type histogram struct {
	count  uint64
	sum    float64
	bounds []float64
	up     []uint64 // how many are at most as large as each bound
}

// objects is the sink for client_golang.
type objects chan<- prometheus.Metric

func (o objects) number(f *family, v float64, labels []string) {
	kind := prometheus.GaugeValue
	if f.kind == "counter" {
		kind = prometheus.CounterValue
	}
	o <- prometheus.MustNewConstMetric(f.desc, kind, v, labels...)
}

func (o objects) histogram(f *family, h *histogram, labels []string) {
	buckets := make(map[float64]uint64, len(h.bounds))
	for i, bound := range h.bounds {
		buckets[bound] = h.up[i]
	}
	o <- prometheus.MustNewConstHistogram(f.desc, h.count, h.sum, buckets, labels...)
}

// text is the sink that writes Prometheus' text format 0.0.4, or OpenMetrics 1.0. It can be used again.
type text struct {
	open     bool     // OpenMetrics
	families [][]byte // the lines of each, as in descs.all
}

// Write writes the metrics in the text format.
func (c *Collector) Write(ctx context.Context, w io.Writer) error {
	t := &text{}
	if err := c.fill(ctx, t); err != nil {
		return err
	}
	return c.write(w, t)
}

// fill looks at the services, into t.
func (c *Collector) fill(ctx context.Context, t *text) error {
	if t.families == nil {
		t.families = make([][]byte, len(c.descs.all))
	}
	for i := range t.families {
		t.families[i] = t.families[i][:0]
	}
	return c.collect(ctx, t)
}

// write writes what fill found.
func (c *Collector) write(w io.Writer, t *text) error {
	for i, f := range c.descs.all {
		if len(t.families[i]) == 0 {
			continue
		}
		name := f.name
		if t.open { // there a counter's name has no suffix, and its sample has
			name = strings.TrimSuffix(name, "_total")
		}
		if _, err := io.WriteString(w, "# HELP "+name+" "+f.help+"\n# TYPE "+name+" "+f.kind+"\n"); err != nil {
			return err
		}
		if _, err := w.Write(t.families[i]); err != nil {
			return err
		}
	}
	if !t.open {
		return nil
	}
	_, err := io.WriteString(w, "# EOF\n")
	return err
}

func (t *text) number(f *family, v float64, labels []string) {
	b := appendLabels(append(t.families[f.index], f.name...), f, labels)
	t.families[f.index] = append(appendFloat(append(b, "} "...), v), '\n')
}

func (t *text) histogram(f *family, h *histogram, labels []string) {
	b := t.families[f.index]
	line := func(suffix, le string, v float64) {
		b = appendLabels(append(append(b, f.name...), suffix...), f, labels)
		if le != "" {
			b = append(append(append(b, `,le="`...), le...), '"')
		}
		b = append(appendFloat(append(b, "} "...), v), '\n')
	}
	for i, bound := range h.bounds {
		line("_bucket", t.bound(bound), float64(h.up[i]))
	}
	line("_bucket", "+Inf", float64(h.count))
	line("_sum", "", h.sum)
	line("_count", "", float64(h.count))
	t.families[f.index] = b
}

// bound writes a bucket's bound: in OpenMetrics a whole number has a point.
func (t *text) bound(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if t.open && v == math.Trunc(v) {
		s += ".0"
	}
	return s
}

func appendFloat(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendLabels leaves the closing brace out. There is always a label.
func appendLabels(b []byte, f *family, values []string) []byte {
	for i, k := range f.order {
		v := values[k]
		b = append(b, "{,"[min(i, 1)])
		b = append(append(b, f.labels[k]...), `="`...)
		if !plain(v) {
			v = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(v)
		}
		b = append(append(b, v...), '"')
	}
	return b
}

// plain says whether a label's value stands in the text as it is. A scrape asks it of 100,000, and strings.ContainsAny is a third of its time.
func plain(v string) bool {
	for i := range len(v) {
		if c := v[i]; c == '"' || c == '\\' || c == '\n' {
			return false
		}
	}
	return true
}
