package probe

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// minPeriod bounds the load that a definition can cause: a period of a nanosecond would be a busy loop.
const minPeriod = time.Millisecond

// Scheduler gives workers their phases, so that all of a supervisor's probes are spread evenly over time.
type Scheduler struct {
	epoch time.Time // where all periods begin

	mu    sync.Mutex
	phase float64 // of the next worker, in [0,1)
}

// NewScheduler makes a scheduler. Its first phase is random, so that machines that were started together don't probe at the same moments.
func NewScheduler() *Scheduler {
	return &Scheduler{epoch: time.Now(), phase: rand.Float64()}
}

// nextPhase advances by the golden ratio: however many workers there are, their phases are spread nearly evenly, where
// random ones would cluster.
func (s *Scheduler) nextPhase() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phase
	_, s.phase = math.Modf(p + math.Phi)
	return p
}

// phaseGrid is what phases are rounded to: a hundredth of the period, at most 0.1 s. Probes at the same moment wake the processor
// once: a wakeup for each of 1,000 probes would cost several times what the probes do (see BenchmarkThousandWorkers).
func phaseGrid(period time.Duration) time.Duration {
	return min(max(period/100, 1), 100*time.Millisecond)
}

// Start starts a worker for c. When ctx is done it ends as after [Worker.Cancel].
func (s *Scheduler) Start(ctx context.Context, c Config) *Worker {
	c.Probe.Period = max(c.Probe.Period, minPeriod)
	c.Probe.FailureThreshold = max(c.Probe.FailureThreshold, 1)
	c.Probe.SuccessThreshold = max(c.Probe.SuccessThreshold, 1)
	now := time.Now()
	phase := time.Duration(s.nextPhase() * float64(c.Probe.Period)).Truncate(phaseGrid(c.Probe.Period))
	w := &Worker{
		ctx:           ctx,
		c:             c,
		epoch:         s.epoch.Add(phase),
		notBefore:     now.Add(max(c.Probe.InitialDelay-c.Running, 0)),
		sleepDetector: newSleepDetector(c.Slept),
	}
	w.last.Healthy = c.Kind == Liveness
	if c.Initial != nil {
		w.last.Healthy = *c.Initial
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.firstDelay(now), w.tick)
	return w
}
