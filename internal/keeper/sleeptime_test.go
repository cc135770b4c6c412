package keeper

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// While a restart isn't reported yet, nothing else that waits for the report ends the loop's sleep: it would spin until then, at the cost
// of the program that is just starting.
func TestSleepUntilTheReport(t *testing.T) {
	k := newKeeper(Config{Service: "shop"})
	k.reapDue = true
	if sleep := k.sleepTime(); sleep != 0 {
		t.Errorf("orphans may wait, and the loop would sleep for %v", sleep)
	}
	k.flushAt = monotonic.Now() + time.Minute
	if sleep := k.sleepTime(); sleep < 50*time.Second {
		t.Errorf("the report is due in a minute, and the loop would sleep for %v", sleep)
	}
}
