package observe

import (
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// counter goes on where what it counts begins at zero again.
type counter struct {
	Before int64 `json:"b,omitempty"` // of earlier lives
	Last   int64 `json:"l,omitempty"` // as it was seen last
}

// goOn takes what is seen now, and gives the value.
func (c *counter) goOn(now int64) int64 {
	if now < c.Last {
		c.Before += c.Last
	}
	c.Last = now
	return c.Before + now
}

// service is what is kept of one service, so that no counter ever decreases.
type service struct {
	Supervisors counter             `json:"supervisors"`
	Programs    map[string]*program `json:"programs"`
	Falls       *falls              `json:"falls,omitempty"`

	begun time.Time // of the status that was taken in last: when its keeper began
	up    float64   // and for how long that had been up, in seconds
}

// before tells whether st was said before what was taken in last: the uptime goes on over new supervisors.
func (s *service) before(st *control.Status) bool {
	if st.StartedAt.Equal(s.begun) {
		return st.UptimeSeconds < s.up
	}
	return st.StartedAt.Before(s.begun)
}

type program struct {
	Restarts counter                `json:"restarts"`
	By       map[string]*counter    `json:"by,omitempty"` // restarts, by the kind of the fall
	Logged   counter                `json:"logged"`
	Lost     counter                `json:"lost"`
	CPU      counter                `json:"cpu"`              // microseconds
	Run      int                    `json:"run,omitempty"`    // that CPU's last value is of
	Probes   map[string]*probeCount `json:"probes,omitempty"` // by kind

	seen bool // in the present status
}

type probeCount struct {
	Made   counter `json:"made"`
	Failed counter `json:"failed"`
}

// goOn puts the values that never decrease into st. Programs that are gone from the definition are forgotten.
func (s *service) goOn(st *control.Status) {
	s.begun, s.up = st.StartedAt, st.UptimeSeconds
	st.SupervisorRestarts = int(s.Supervisors.goOn(int64(st.SupervisorRestarts)))
	if s.Programs == nil {
		s.Programs = make(map[string]*program, len(st.Programs))
	}
	for _, p := range s.Programs {
		p.seen = false
	}
	for i := range st.Programs {
		entry(s.Programs, st.Programs[i].Name).goOn(&st.Programs[i])
	}
	for name, p := range s.Programs {
		if !p.seen {
			delete(s.Programs, name)
		}
	}
}

func (k *program) goOn(p *control.ProgramStatus) {
	k.seen = true
	p.Restarts = int(k.Restarts.goOn(int64(p.Restarts)))
	k.restartsBy(p)
	p.LogBytes, p.LogLost = k.Logged.goOn(p.LogBytes), k.Lost.goOn(p.LogLost)
	k.cpu(p)
	for i := range p.Probes {
		probe := &p.Probes[i]
		if k.Probes == nil {
			k.Probes = map[string]*probeCount{}
		}
		c := entry(k.Probes, probe.Kind)
		probe.Probes, probe.Failed = uint64(c.Made.goOn(int64(probe.Probes))), uint64(c.Failed.goOn(int64(probe.Failed)))
	}
}

// restartsBy goes over the kinds that were ever seen: a new keeper's list has none of them yet.
func (k *program) restartsBy(p *control.ProgramStatus) {
	now := p.RestartsBy
	if len(now)+len(k.By) == 0 {
		return
	}
	if k.By == nil {
		k.By = map[string]*counter{}
	}
	for kind := range now {
		entry(k.By, kind)
	}
	p.RestartsBy = make(map[string]int, len(k.By))
	for kind, c := range k.By {
		p.RestartsBy[kind] = int(c.goOn(int64(now[kind])))
	}
}

// cpu: within a run, less than before is a process whose time nobody took over when it ended, and no new beginning.
func (k *program) cpu(p *control.ProgramStatus) {
	now := int64(p.CPUSeconds * 1e6)
	if now < k.CPU.Last && (p.Generation == k.Run || p.PID == 0) {
		now = k.CPU.Last
	}
	k.Run = p.Generation
	p.CPUSeconds = (time.Duration(k.CPU.goOn(now)) * time.Microsecond).Seconds()
}

// entry gives the value of a key, a new one where there is none.
func entry[V any](m map[string]*V, key string) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}
