package beat

import "time"

func every(period time.Duration) (<-chan struct{}, func()) { return byTicker(period) }
