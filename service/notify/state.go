package notify

import (
	"strconv"
	"strings"
	"time"
)

// State is what a program has reported so far. It is comparable. Its JSON is what a supervisor hands to its successor.
type State struct {
	Started  bool   `json:"started,omitempty"`  // it sent READY=1 at least once
	Ready    bool   `json:"ready,omitempty"`    // it sent READY=1 last, and not READY=0
	Unready  string `json:"unready,omitempty"`  // the reason of READY=0; empty where it gave none
	Dead     bool   `json:"dead,omitempty"`     // it sent LIVE=0 or WATCHDOG=trigger last
	Why      string `json:"why,omitempty"`      // the reason that it gave for that
	Stopping bool   `json:"stopping,omitempty"` // it sent STOPPING=1
	Status   string `json:"status,omitempty"`   // its last STATUS; safe to print, at most MaxLine bytes

	// These are of no use to a successor.
	Beats      uint64        `json:"-"` // how often it sent WATCHDOG=1
	Extensions uint64        `json:"-"` // how often it sent EXTEND_TIMEOUT_USEC
	Extend     time.Duration `json:"-"` // the last of them
}

// Lasting is the part of a state that a successor must know.
func (s State) Lasting() State {
	s.Beats, s.Extensions, s.Extend = 0, 0, 0
	return s
}

// Apply takes a message into account. It reports false for keys and values that mean nothing to daruma.
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

// maxExtend keeps EXTEND_TIMEOUT_USEC within what time.Duration can add; the supervisor has a bound of its own.
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
	zero, reason, _ := strings.Cut(value, " ")
	return false, clean(reason), zero == "0"
}
