package winevent

import (
	"fmt"
	"strings"
	"testing"
)

// TestWords: every constant has words of its own, and what has no constant says its number.
func TestWords(t *testing.T) {
	seen := map[string]bool{}
	named := []fmt.Stringer{PowerSuspend, PowerResumed, PowerStatusChanged, PowerResumedAutomatically}
	for c := SessionConsoleConnect; c <= SessionTerminate; c++ {
		named = append(named, c)
	}
	for _, c := range named {
		if seen[c.String()] || strings.ContainsAny(c.String(), "0123456789") {
			t.Errorf("%q isn't the words of one constant", c)
		}
		seen[c.String()] = true
	}
	for _, unknown := range []fmt.Stringer{SessionChange(99), Power(0x63)} {
		if !strings.Contains(unknown.String(), "99") && !strings.Contains(unknown.String(), "0x63") {
			t.Errorf("an unknown value is %q", unknown)
		}
	}
}
