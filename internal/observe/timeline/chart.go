package timeline

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
)

// columns is how many columns a chart has: a sample a minute over a day are three to a column.
const columns = 480

// Chart draws what a program used over the last day, processor time and memory below each other; "" where nothing is known.
func Chart(u history.Usage, w Words) string {
	var b strings.Builder
	chart(&b, "CPU", u.CPU, u.Until, share, w)
	chart(&b, "Memory", u.Memory, u.Until, bytes, w)
	return b.String()
}

// share writes a share of one processor: 200 % are two.
func share(v float64) string { return fmt.Sprintf("%.1f %%", v*100) }

// summed is what a chart says in words.
type summed struct {
	now, mean, most float64
	at              int // of the most
	known           bool
}

func sum(values []float64) (s summed) {
	total, n := 0.0, 0
	for k, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if n == 0 || v > s.most {
			s.most, s.at = v, k
		}
		total, n = total+v, n+1
		s.now, s.known = v, true
	}
	if n > 0 {
		s.mean = total / float64(n)
	}
	if len(values) > 0 && s.known && math.IsNaN(values[len(values)-1]) && (len(values) < 3 || math.IsNaN(values[len(values)-2])) {
		s.now = math.NaN() // of the minute that runs nothing may be known yet
	}
	return s
}

// ChartWords says in words what a chart of the title CPU or Memory shows; "" where nothing is known. It isn't escaped.
func ChartWords(title string, u history.Usage, w Words) string {
	values, unit := u.Memory, bytes
	if title == "CPU" {
		values, unit = u.CPU, share
	}
	s := sum(values)
	if !s.known {
		return ""
	}
	return w.T(title) + " " + w.T("over the last day") + ": " + s.words(len(values), u.Until, unit, w)
}

func (s *summed) words(values int, until time.Time, unit func(float64) string, w Words) string {
	now := w.T("not known")
	if !math.IsNaN(s.now) {
		now = unit(s.now)
	}
	at := until.Add(-time.Duration(values-1-s.at) * time.Minute).In(w.Zone).Format("15:04")
	return strings.Join([]string{w.f("now %s", now), w.f("mean %s", unit(s.mean)), w.f("most %s at %s", unit(s.most), at)}, ", ")
}

func chart(b *strings.Builder, title string, values []float64, until time.Time, unit func(float64) string, w Words) {
	s := sum(values)
	if !s.known {
		return
	}
	words := s.words(len(values), until, unit, w)
	fmt.Fprintf(b, `<figure class="tl-chart"><figcaption><b>%s</b> %s</figcaption>`, clean(w.T(title)), clean(words))
	fmt.Fprintf(b, `<svg viewBox="0 0 %d 100" preserveAspectRatio="none" role="img" aria-label="%s">`, columns,
		clean(w.T(title)+" "+w.T("over the last day")+": "+words))
	for k := 1; k < ticks; k++ {
		fmt.Fprintf(b, `<path class="tl-grid" d="M%d 0V100"/>`, k*columns/ticks)
	}
	low, mean, high := squeeze(values, columns)
	scale := 95 / math.Max(s.most, math.SmallestNonzeroFloat64)
	if s.most == 0 {
		scale = 0
	}
	fmt.Fprintf(b, `<path class="tl-band" d="%s"/><path class="tl-line" d="%s"/></svg>`, band(low, high, scale), path(mean, 100, scale))
	Span{until.Add(-time.Duration(len(values)) * time.Minute), until}.axis(b, w)
	b.WriteString("</figure>\n")
}

// Spark draws a small line without words; label says what it is to who doesn't see it. "" where nothing is known.
func Spark(values []float64, label string) string {
	s := sum(values)
	if !s.known {
		return ""
	}
	scale := 0.0
	if s.most > 0 {
		scale = 18 / s.most
	}
	_, _, high := squeeze(values, 96)
	return fmt.Sprintf(`<svg class="tl-spark" viewBox="0 0 96 20" preserveAspectRatio="none" role="img" aria-label="%s"><path class="tl-line" d="%s"/></svg>`,
		clean(label), path(high, 20, scale))
}

// squeeze gives the lowest, mean and highest value of each column; NaN where nothing is known.
func squeeze(values []float64, columns int) (low, mean, high []float64) {
	low, mean, high = make([]float64, columns), make([]float64, columns), make([]float64, columns)
	for c := range columns {
		l, total, h, n := math.NaN(), 0.0, math.NaN(), 0
		from, to := c*len(values)/columns, (c+1)*len(values)/columns
		for _, v := range values[from:max(to, min(from+1, len(values)))] {
			if math.IsNaN(v) {
				continue
			}
			if n == 0 {
				l, h = v, v
			}
			l, h, total, n = min(l, v), max(h, v), total+v, n+1
		}
		low[c], mean[c], high[c] = l, math.NaN(), h
		if n > 0 {
			mean[c] = total / float64(n)
		}
	}
	return low, mean, high
}

// path draws a line through what is known, interrupted where nothing is.
func path(values []float64, height, scale float64) string {
	var b strings.Builder
	pen := false
	for k, v := range values {
		if math.IsNaN(v) {
			pen = false
			continue
		}
		move := byte('L')
		if !pen {
			move = 'M'
		}
		fmt.Fprintf(&b, "%c%d %s", move, k, number(height-v*scale))
		if !pen && (k+1 == len(values) || math.IsNaN(values[k+1])) {
			b.WriteString("h1") // a single value is a dash
		}
		pen = true
	}
	return b.String()
}

// band fills between the lowest and the highest values.
func band(low, high []float64, scale float64) string {
	var b strings.Builder
	for k := 0; k < len(low); k++ {
		if math.IsNaN(low[k]) {
			continue
		}
		end := k
		for end < len(low) && !math.IsNaN(low[end]) {
			end++
		}
		for i := k; i < end; i++ {
			move := byte('L')
			if i == k {
				move = 'M'
			}
			fmt.Fprintf(&b, "%c%d %s", move, i, number(100-high[i]*scale))
		}
		for i := end - 1; i >= k; i-- {
			fmt.Fprintf(&b, "L%d %s", i, number(100-low[i]*scale))
		}
		b.WriteByte('Z')
		k = end
	}
	return b.String()
}

// number writes a coordinate with one decimal at most.
func number(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}
