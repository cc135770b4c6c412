package notify

import (
	"strconv"
	"strings"
	"time"
)

// State is what a program has said of itself so far. It is comparable; its JSON is what a supervisor leaves its successor.
type State struct {
	Started  bool   `json:"started,omitempty"`  // it said READY=1 at least once
	Ready    bool   `json:"ready,omitempty"`    // it said READY=1 last
	Unready  string `json:"unready,omitempty"`  // why it said READY=0, where it gave a reason
	Dead     bool   `json:"dead,omitempty"`     // it said LIVE=0 or WATCHDOG=trigger last
	Why      string `json:"why,omitempty"`      // the reason that it gave for that
	Stopping bool   `json:"stopping,omitempty"` // it said STOPPING=1
	Status   string `json:"status,omitempty"`   // its last STATUS; safe to print, at most MaxLine bytes

	// What has meaning for the moment only isn't handed on.
	Beats      uint64        `json:"-"` // WATCHDOG=1, in total
	Extensions uint64        `json:"-"` // EXTEND_TIMEOUT_USEC, in total
	Extend     time.Duration `json:"-"` // the last of them
}

// Lasting is the part of a state that a successor must know.
func (s State) Lasting() State {
	s.Beats, s.Extensions, s.Extend = 0, 0, 0
	return s
}

// Apply takes a message into account. It reports false for words and values that mean nothing to us.
func (s *State) Apply(m Message) bool {
	switch m.Key {
	case Ready:
		yes, reason, ok := fact(m.Value)
		if !ok {
			return false
		}
		s.Ready, s.Unready, s.Started = yes, reason, s.Started || yes
	case Live:
		yes, reason, ok := fact(m.Value)
		if !ok {
			return false
		}
		s.Dead, s.Why = !yes, reason
	case Watchdog:
		return s.watchdog(m.Value)
	case Status:
		s.Status = cut(clean(m.Value), MaxLine)
	case Stopping:
		if m.Value != "1" {
			return false
		}
		s.Stopping = true
	case ExtendTimeout:
		n, err := strconv.ParseUint(m.Value, 10, 64)
		if err != nil {
			return false
		}
		s.Extend = time.Duration(min(n, uint64(maxExtend/time.Microsecond))) * time.Microsecond
		s.Extensions++
	default:
		return false
	}
	return true
}

// maxExtend keeps EXTEND_TIMEOUT_USEC within what time.Duration can add; whoever heeds it has a bound of its own.
const maxExtend = 24 * time.Hour

func (s *State) watchdog(value string) bool {
	switch value {
	case "1":
		s.Beats++
	case "trigger": // sd_notify(3): handle it as if the watchdog had run out
		s.Dead, s.Why = true, "WATCHDOG=trigger"
	default:
		return false
	}
	return true
}

// fact reads "1", "0" or "0 reason".
func fact(value string) (yes bool, reason string, ok bool) {
	if value == "1" {
		return true, "", true
	}
	word, reason, _ := strings.Cut(value, " ")
	return false, clean(reason), word == "0"
}
