package service

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
		var said []string
		w := &words{where: Systemd, send: func(lines ...string) { said = append(said, lines...) }}
		w.report(situation{state: starting, checkpoint: 1})
		w.extend(5 * time.Second)
		for checkpoint := uint32(2); checkpoint < 8; checkpoint++ { // the first comes at once
			w.report(situation{state: starting, checkpoint: checkpoint})
			time.Sleep(2 * time.Second)
		}
		w.report(situation{state: running})
		w.report(situation{state: stopping, reason: Terminate, checkpoint: 1})
		w.report(situation{state: stopping, reason: Terminate, checkpoint: 2})
		var want []string
		for _, d := range []time.Duration{5 * time.Second, 3 * time.Second, time.Second} {
			want = append(want, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (d+grace).Microseconds()))
		}
		want = append(want, "READY=1", "STOPPING=1", "STATUS=Stopping: "+Terminate.String())
		if !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}
