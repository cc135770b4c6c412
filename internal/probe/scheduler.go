package probe

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// minPeriod bounds what a definition can make us do: a period of a nanosecond would be a busy loop.
const minPeriod = time.Millisecond

// Scheduler gives workers their beats, so that all of a supervisor's probes are spread evenly over time.
type Scheduler struct {
	epoch time.Time // beats are counted from here

	mu    sync.Mutex
	phase float64 // of the next worker, in [0,1)
}

// NewScheduler makes a scheduler. Its first phase is random, so that many machines started together don't beat in step either.
func NewScheduler() *Scheduler {
	return &Scheduler{epoch: time.Now(), phase: rand.Float64()}
}

// nextPhase walks round the circle by the golden ratio: however many workers there are, they lie
// nearly evenly, where random phases would pile up.
func (s *Scheduler) nextPhase() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phase
	_, s.phase = math.Modf(p + math.Phi)
	return p
}

// grid is what phases are rounded to: a hundredth of the period, at most 0.1 s. Probes that share a moment share its cost:
// to wake a sleeping processor for each of 1,000 probes costs several times what the probes themselves do (see BenchmarkThousandWorkers).
func grid(period time.Duration) time.Duration {
	return min(max(period/100, 1), 100*time.Millisecond)
}

// Start begins to ask as c says. When ctx is done it ends as after [Worker.Cancel].
func (s *Scheduler) Start(ctx context.Context, c Config) *Worker {
	c.Probe.Period = max(c.Probe.Period, minPeriod)
	c.Probe.FailureThreshold = max(c.Probe.FailureThreshold, 1)
	c.Probe.SuccessThreshold = max(c.Probe.SuccessThreshold, 1)
	now := time.Now()
	phase := time.Duration(s.nextPhase() * float64(c.Probe.Period)).Truncate(grid(c.Probe.Period))
	w := &Worker{
		ctx:       ctx,
		c:         c,
		epoch:     s.epoch.Add(phase),
		notBefore: now.Add(max(c.Probe.InitialDelay-c.Running, 0)),
		sleeper:   newSleeper(c.Slept),
	}
	w.last.Healthy = c.Kind == Liveness
	if c.Initial != nil {
		w.last.Healthy = *c.Initial
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.first(now), w.tick)
	return w
}
