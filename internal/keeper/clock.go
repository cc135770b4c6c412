package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// Now gives the machine's monotonic clock: the same for keeper, supervisor and their successors.
func Now() time.Duration { return monotonic.Now() }
