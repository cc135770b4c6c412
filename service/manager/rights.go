package manager

import "context"

// MayInstall tells whether this process has the rights to install a service called name, without changing anything.
// Errors: ErrRights, ErrInvalid, ErrUnsupported.
func (m Manager) MayInstall(ctx context.Context, name string) error { return mayInstall(ctx, m, name) }

// MayControl tells whether this process may start and stop the service. Linux: root may; whether polkit lets others, systemd tells
// only when asked to do it, and then the answer here is nil. Errors: ErrRights, ErrNotInstalled, ErrUnsupported.
func (m Manager) MayControl(ctx context.Context, name string) error { return mayControl(ctx, m, name) }
