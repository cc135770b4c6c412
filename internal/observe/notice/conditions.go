package notice

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// Condition is something that lasts and that no incident is about.
type Condition struct {
	Kind    Kind      `json:"kind"`
	Program string    `json:"program,omitempty"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`
	Told    bool      `json:"told,omitempty"`

	seen time.Time
}

// hold is how long it lasts before it is told.
func (c *Condition) hold() time.Duration {
	switch c.Kind {
	case LogLoss, Definition, Upgraded, NoUpgrade:
		return 0
	case Gone:
		return GoneAfter
	case Boot:
		return Settle
	}
	return Hold
}

// once tells whether its end is none worth telling.
func (c *Condition) once() bool {
	switch c.Kind {
	case Boot, Definition, Upgraded, NoUpgrade:
		return true
	}
	return false
}

// TakeEvent takes in one event. Events of incidents are left to the incident record, which outlives whoever misses them.
func (s *State) TakeEvent(e control.Event, now time.Time) {
	s.Event = max(s.Event, e.Seq)
	e.Program = Clip(e.Program, maxName)
	switch e.Kind {
	case control.EventNotReady:
		s.begin(NotReady, e, now)
	case control.EventReady:
		s.end(NotReady, e.Program, e.Time)
		s.end(Stopped, e.Program, e.Time)
	case control.EventExited, control.EventUnhealthy, control.EventFailed:
		s.forget(NotReady, e.Program) // it fell: the incident tells the rest
	case control.EventStopped:
		s.forget(NotReady, e.Program)
		s.begin(Stopped, e, now)
	case control.EventStarted:
		s.end(Stopped, e.Program, e.Time)
	case control.EventServiceStopped:
		s.begin(Stopped, e, now)
	case control.EventServiceStarted, control.EventKeeperFailed:
		s.end(Stopped, "", e.Time)
	case control.EventRecoveredAfterBoot:
		s.forgetAll(Stopped)
		s.begin(Boot, e, now)
	case control.EventDefinitionRefused:
		s.begin(Definition, e, now)
	case control.EventUpgraded:
		s.begin(Upgraded, e, now)
	case control.EventUpgradeFailed:
		s.begin(NoUpgrade, e, now)
	case control.EventLogLoss:
		s.begin(LogLoss, e, now)
	case control.EventLogLossEnded:
		s.end(LogLoss, e.Program, e.Time)
	}
}

// Answered takes in that the service's supervisor answers.
func (s *State) Answered(now time.Time) {
	s.Answers = true
	s.end(Gone, "", now)
}

// Silent takes in that nobody answers for the service.
func (s *State) Silent(why string, now time.Time) {
	stopped := s.Conditions[conditionKey(Stopped, "")]
	if s.Answers && stopped == nil {
		s.begin(Gone, control.Event{Time: now, Reason: why}, now)
	}
}

func conditionKey(kind Kind, program string) string { return string(kind) + "/" + program }

// lossAgain is after how long further loss of output is told again, where nobody said that it had ended: the last output of a run that
// couldn't be written has no end.
const lossAgain = time.Hour

func (s *State) begin(kind Kind, e control.Event, now time.Time) {
	key := conditionKey(kind, e.Program)
	if c := s.Conditions[key]; c != nil && (kind != LogLoss || !c.Told || e.Time.Sub(c.At) < lossAgain) {
		return
	}
	if len(s.Conditions) >= maxOpen {
		return
	}
	if s.Conditions == nil {
		s.Conditions = map[string]*Condition{}
	}
	s.Conditions[key] = &Condition{Kind: kind, Program: e.Program, At: e.Time, Reason: Clip(e.Reason, maxText), seen: now}
}

// end tells that a condition is over, if it was told or had lasted for long enough to be.
func (s *State) end(kind Kind, program string, at time.Time) {
	key := conditionKey(kind, program)
	c := s.Conditions[key]
	if c == nil {
		return
	}
	delete(s.Conditions, key)
	if took := at.Sub(c.At); c.Told || took >= c.hold() {
		item := s.conditionItem(c)
		item.Took = max(took, 0)
		s.ready = append(s.ready, *s.about(kind, true, item))
	}
}

// forget drops a condition that nobody was told of.
func (s *State) forget(kind Kind, program string) {
	if c := s.Conditions[conditionKey(kind, program)]; c != nil && !c.Told {
		delete(s.Conditions, conditionKey(kind, program))
	}
}

func (s *State) forgetAll(kind Kind) {
	maps.DeleteFunc(s.Conditions, func(_ string, c *Condition) bool { return c.Kind == kind })
}

func (s *State) conditionItem(c *Condition) Item {
	return Item{Key: fmt.Sprintf("%s/%s@%d", s.Service, conditionKey(c.Kind, c.Program), c.At.UnixMilli()), Program: c.Program, At: c.At, Cause: c.Reason}
}

// conditionsDue gives the conditions that have lasted for long enough.
func (s *State) conditionsDue(now time.Time) []Notice {
	var due []Notice
	for _, key := range slices.Sorted(maps.Keys(s.Conditions)) {
		c := s.Conditions[key]
		if c.Told || !passed(now, c.seen, c.At, c.hold()) {
			continue
		}
		if s.implied(c) {
			delete(s.Conditions, key)
			continue
		}
		item := s.conditionItem(c)
		if c.Kind == Gone {
			item.Took = now.Sub(c.seen)
		}
		due = append(due, *s.about(c.Kind, false, item))
		if c.Told = true; c.once() {
			delete(s.Conditions, key)
		}
	}
	return due
}

// implied tells whether something else tells it: a stop of the service those of its programs, the incidents of a machine that went down
// that the service is back.
func (s *State) implied(c *Condition) bool {
	switch c.Kind {
	case Stopped:
		whole := s.Conditions[conditionKey(Stopped, "")]
		return c.Program != "" && whole != nil && whole.At.Sub(c.At).Abs() < 5*time.Minute
	case Boot:
		for _, o := range s.Open {
			if o.incident.Kind == incident.Machine {
				return true
			}
		}
	}
	return false
}
