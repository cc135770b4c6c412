package operate

import (
	"context"

	"github.com/daruma-sh/daruma/service/manager"
)

// restart is one job of systemd's, which ends the service and starts it again.
func (o Order) restart(ctx context.Context, services manager.Manager, _ *told) error {
	return services.Restart(ctx, o.Service)
}
