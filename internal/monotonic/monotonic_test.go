package monotonic

import (
	"testing"
	"time"
)

// TestClocksGoOn: neither goes back, both count from the boot, and they differ by the sleep.
func TestClocksGoOn(t *testing.T) {
	begin, awake, all := time.Now(), Now(), SinceBoot()
	if awake <= 0 || all < awake-time.Second {
		t.Errorf("awake for %v of %v", awake, all)
	}
	for last := awake; ; {
		now := Now()
		if now < last {
			t.Fatalf("%v after %v", now, last)
		}
		if last = now; now-awake > 50*time.Millisecond {
			break
		}
	}
	took, counted := time.Since(begin), Now()-awake
	if d := took - counted; d < -50*time.Millisecond || d > 50*time.Millisecond {
		t.Errorf("%v by this clock, %v by Go's", counted, took)
	}
	if d := SinceBoot() - Now() - Slept(); d < -time.Second || d > time.Second {
		t.Errorf("the clocks differ by %v more than the machine has slept", d)
	}
}
