package operate

import (
	"context"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// restartTime is what a service whose programs are down takes to end and to start again.
const restartTime = 30 * time.Second

// restart is left to the supervisor until the programs are down: the Service Control Manager knows no restart but that of a service
// which failed, and would leave it stopped where this process doesn't live to start it. The rest isn't given up half-way for an interrupt or
// a timeout: the supervisor, which hears of the stop, leaves the start to us.
func (o Order) restart(ctx context.Context, services manager.Manager, told *told) error {
	told.awaitAnswer(ctx, o.stopTime(ctx, services))
	if err := ctx.Err(); err != nil {
		return err // the supervisor goes on with it
	}
	if told.answered() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), restartTime)
		defer cancel()
	}
	return services.Restart(ctx, o.Service)
}

// stopTime is how long the supervisor may take to stop the programs, with a margin: who answers may not be daruma's, or hang.
func (o Order) stopTime(ctx context.Context, services manager.Manager) time.Duration {
	most := registeredTime(ctx, services, o.Service, stopFlag, time.Minute)
	if o.GraceSeconds != nil {
		most = max(most, time.Duration(*o.GraceSeconds*float64(time.Second)))
	}
	return most + 10*time.Second
}
