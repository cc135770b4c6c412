package operate

import (
	"context"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// These begin arguments of the registered command line, which package hosting writes.
const (
	startFlag = "--start-timeout=" // when the service is reported running, up or not
	stopFlag  = "--stop-timeout="  // how long all programs may take to stop
)

// registeredTime is a time of the service's registered command line.
func registeredTime(ctx context.Context, services manager.Manager, service, flag string, otherwise time.Duration) time.Duration {
	r, err := services.Registration(ctx, service)
	if err != nil {
		return otherwise
	}
	return timeIn(r.Words, flag, otherwise)
}

func timeIn(words []string, flag string, otherwise time.Duration) time.Duration {
	for _, word := range words {
		if text, ok := strings.CutPrefix(word, flag); ok {
			if d, err := time.ParseDuration(text); err == nil {
				return d
			}
		}
	}
	return otherwise
}
