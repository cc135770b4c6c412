package manager

import "context"

// MayInstall checks that this process has the rights to install a service called name, without changing anything.
// Errors: ErrRights, ErrInvalid, ErrUnsupported.
func (m Manager) MayInstall(ctx context.Context, name string) error { return mayInstall(ctx, m, name) }

// MayControl checks that this process may start and stop the service. Linux: the result is nil for everybody, since systemd asks polkit
// only when it is to start or stop. Errors: ErrRights, ErrNotInstalled, ErrUnsupported.
func (m Manager) MayControl(ctx context.Context, name string) error { return mayControl(ctx, m, name) }
