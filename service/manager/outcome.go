package manager

import "context"

// Outcome says in words how the service's last run ended, as far as the service manager knows: "its process died (1067)",
// "exit-code, exit status 3"; "" where it knows nothing.
func (s Status) Outcome() string {
	switch {
	case s.SCM != nil:
		return s.SCM.outcome()
	case s.Systemd != nil:
		return s.Systemd.outcome()
	}
	return ""
}

// Enable sets the start type of an installed service, and nothing else. On systemd only what links do can be changed: automatic
// and delayed; a unit that was installed as disabled, or is masked, is refused with the remedy.
//
// Errors: ErrNotInstalled, ErrRights, ErrForeign, ErrInvalid, ErrUnsupported.
func (m Manager) Enable(ctx context.Context, name string, start StartType) error {
	return enableService(ctx, m, name, start)
}
