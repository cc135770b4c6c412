package platform

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestExtensionIsRepeated: systemd forgets it at a daemon-reload. It always has some time beyond our own deadline.
func TestExtensionIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		n := &Notifier{To: Systemd, Transmit: func(lines ...string) { sent = append(sent, lines...) }}
		n.Report(Situation{State: Starting, Checkpoint: 1})
		n.Extend(5 * time.Second)
		for checkpoint := uint32(2); checkpoint < 8; checkpoint++ { // the first comes at once
			n.Report(Situation{State: Starting, Checkpoint: checkpoint})
			time.Sleep(2 * time.Second)
		}
		n.Report(Situation{State: Running})
		n.Report(Situation{State: Stopping, Reason: "asked to", Checkpoint: 1})
		n.Report(Situation{State: Stopping, Reason: "asked to", Checkpoint: 2})
		var want []string
		for _, d := range []time.Duration{5 * time.Second, 3 * time.Second, time.Second} {
			want = append(want, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (d+Grace).Microseconds()))
		}
		want = append(want, "READY=1", "STOPPING=1", "STATUS=Stopping: asked to")
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
	})
}
