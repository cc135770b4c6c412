package doctor

import (
	"context"

	"github.com/daruma-sh/daruma/internal/confine"
)

// checkConfinement says whether the kernel can hold the supervisor to its own folders.
func checkConfinement(_ context.Context, s *subject) {
	abi, err := confine.Landlock()
	if err != nil {
		s.add(Warn, "a supervisor that is taken over could write wherever the service's account may: Landlock: "+err.Error(),
			"boot a kernel with Landlock, or install the service with an account that may write little; see docs/security.md")
		return
	}
	s.ok("the supervisor may write to the service's own folders only (Landlock %d)", abi)
}
