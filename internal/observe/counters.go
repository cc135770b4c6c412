package observe

import "github.com/daruma-sh/daruma/internal/control"

// counter goes on where what it counts begins at zero again.
type counter struct {
	before int64 // of earlier lives
	last   int64 // as it was seen last
}

// goOn takes what is seen now, and gives the counter with its value.
func (c counter) goOn(now int64) (counter, int64) {
	if now < c.last {
		c.before += c.last
	}
	c.last = now
	return c, c.before + now
}

// counters are those of one service.
type counters struct {
	supervisors counter
	programs    map[string]programCounters
}

type programCounters struct{ restarts, logged, lost counter }

// goOn puts the values that never decrease into st. Programs that are gone from the definition are forgotten.
func (c counters) goOn(st *control.Status) counters {
	next := counters{programs: make(map[string]programCounters, len(st.Programs))}
	var n int64
	next.supervisors, n = c.supervisors.goOn(int64(st.SupervisorRestarts))
	st.SupervisorRestarts = int(n)
	for i := range st.Programs {
		p := &st.Programs[i]
		k := c.programs[p.Name]
		k.restarts, n = k.restarts.goOn(int64(p.Restarts))
		p.Restarts = int(n)
		k.logged, p.LogBytes = k.logged.goOn(p.LogBytes)
		k.lost, p.LogLost = k.lost.goOn(p.LogLost)
		next.programs[p.Name] = k
	}
	return next
}
