package doctor

import (
	"context"
	"strings"
)

// checkUnit finds what overrides the unit file. Lingering (loginctl enable-linger) isn't looked at: daruma installs units of the
// system, which no logout ends.
func checkUnit(_ context.Context, s *subject) {
	if s.registered.NeedReload {
		s.add(Warn, "unit files were changed, and systemd hasn't read them since", "systemctl daemon-reload")
	}
	if list := s.registered.DropIns; len(list) > 0 {
		s.add(Warn, "drop-ins override the unit file: "+strings.Join(list, ", "), "check that they are meant; daruma leaves them alone")
	}
	if !s.registered.NeedReload && len(s.registered.DropIns) == 0 {
		s.ok("systemd has read the unit file, and nothing overrides it")
	}
}

// missingDependency: systemd starts the service without it.
const missingDependency = Warn
