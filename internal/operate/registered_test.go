package operate

import (
	"strings"
	"testing"
	"time"
)

func TestRegisteredTime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"daruma host shop file --start-timeout=1m --stop-timeout=90s": 90 * time.Second,
		"daruma host shop file":                    time.Minute,
		"daruma host shop file --stop-timeout=bad": time.Minute,
	} {
		if got := timeIn(strings.Fields(text), stopFlag, time.Minute); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
