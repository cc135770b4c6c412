package history

import (
	"math"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe"
)

const (
	// Minutes is how many samples of a program are kept: one a minute, over a day.
	Minutes = 24 * 60
	// MaxPrograms is of how many programs there are samples; of further ones there are none. They are 11.25 KiB each.
	MaxPrograms = 2000

	unknown = math.MaxUint32
)

// sample is what a program used in one minute.
type sample struct {
	cpu    uint32 // thousandths of a core, on average since the sample before
	memory uint32 // KiB
}

// ring holds the samples of one program, by minute modulo [Minutes].
type ring struct {
	last    int64 // the latest minute
	samples [Minutes]sample

	cpu float64       // processor seconds when it was seen last
	at  time.Duration // when that was, by the monotonic clock; 0: not yet by this observer
}

func newRing(minute int64) *ring {
	r := &ring{last: minute - Minutes}
	r.clearTo(minute)
	return r
}

// clearTo makes minute the latest one; what lies between wasn't sampled.
func (r *ring) clearTo(minute int64) {
	for m := max(r.last+1, minute-Minutes+1, 0); m <= minute; m++ {
		r.samples[m%Minutes] = sample{unknown, unknown}
	}
	r.last = max(r.last, minute)
}

// put takes a sample; one of more than a day before the latest is passed over.
func (r *ring) put(minute int64, s sample) {
	if minute <= r.last-Minutes || minute < 0 {
		return
	}
	r.clearTo(minute)
	r.samples[minute%Minutes] = s
}

// take makes a sample of what is seen at this moment of the monotonic clock.
func (r *ring) take(minute int64, p *control.ProgramStatus, now time.Duration) sample {
	s := sample{unknown, unknown}
	if r.at > 0 && now > r.at {
		s.cpu = bounded((p.CPUSeconds - r.cpu) / (now - r.at).Seconds() * 1000)
	}
	if p.MemoryBytes > 0 {
		s.memory = bounded(float64(p.MemoryBytes) / 1024)
	}
	if p.PID == 0 { // nothing runs, and so uses nothing
		s.memory = 0
	}
	r.cpu, r.at = p.CPUSeconds, now
	r.put(minute, s)
	return s
}

// bounded rounds what somebody says to what a sample can hold.
func bounded(f float64) uint32 {
	if !(f >= 0) {
		return 0
	}
	return uint32(min(math.Round(f), unknown-1))
}

// Usage is what a program used over the last day: one value a minute, the last one of the minute that runs. NaN: not known.
type Usage struct {
	Until  time.Time
	CPU    []float64 // cores: 0.5 is half of one
	Memory []float64 // bytes in RAM
}

// Usage gives what is known of a program; both lists are empty where nothing is.
func (h *History) Usage(service, program string) Usage {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := Usage{Until: h.clock.wall().Round(0)}
	r := h.rings[name{service, program}]
	if r == nil {
		return u
	}
	u.CPU, u.Memory = make([]float64, Minutes), make([]float64, Minutes)
	now := h.minute()
	for k := range Minutes {
		s := sample{unknown, unknown}
		if m := now - Minutes + 1 + int64(k); m > r.last-Minutes && m <= r.last {
			s = r.samples[m%Minutes]
		}
		u.CPU[k], u.Memory[k] = value(s.cpu, 1e-3), value(s.memory, 1024)
	}
	return u
}

func value(v uint32, unit float64) float64 {
	if v == unknown {
		return math.NaN()
	}
	return float64(v) * unit
}

// takeUsage samples all programs that are seen, and gives the line to be written; nil where nobody was seen.
func (h *History) takeUsage(seen []observe.Seen) *line {
	now, t := h.clock.mono(), h.now()
	minute := t / time.Minute.Milliseconds()
	l := &line{mark: mark{T: t, At: h.clock.wall().Round(0), Boot: h.clock.boot, Mono: now}}
	for i := range seen {
		if seen[i].Err != nil {
			continue
		}
		for k := range seen[i].Status.Programs {
			p := &seen[i].Status.Programs[k]
			of := name{seen[i].Service, p.Name}
			r := h.ring(of, minute)
			if r == nil {
				continue
			}
			l.names, l.samples = append(l.names, of), append(l.samples, r.take(minute, p, now))
		}
	}
	h.forgetRings(minute)
	if len(l.names) == 0 {
		return nil
	}
	return l
}

// ring gives the samples of a program, or nil where there are too many programs.
func (h *History) ring(of name, minute int64) *ring {
	r := h.rings[of]
	if r == nil && len(h.rings) < MaxPrograms && of.fits() {
		r = newRing(minute)
		h.rings[of] = r
	}
	return r
}

// forgetRings forgets programs that haven't been seen for a day.
func (h *History) forgetRings(minute int64) {
	for of, r := range h.rings {
		if r.last <= minute-Minutes {
			delete(h.rings, of)
		}
	}
}

// now is the present on the time line of the samples, in milliseconds.
func (h *History) now() int64 {
	h.last.T = max(h.last.since(&h.clock), h.last.T)
	h.last.At, h.last.Boot, h.last.Mono = h.clock.wall().Round(0), h.clock.boot, h.clock.mono()
	return h.last.T
}

func (h *History) minute() int64 { return h.now() / time.Minute.Milliseconds() }
