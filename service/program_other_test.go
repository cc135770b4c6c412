//go:build !linux && !windows

package service

import (
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

// systemProgram makes s one of those test services that only this system can have: none.
func systemProgram(*Service, string, func(string, ...any)) bool { return false }

func needsManager(t *testing.T) {
	t.Helper()
	t.Skip("the package knows no service manager on this system: needs Windows or Linux")
}

func (l *live) released() {}

func (l *live) ended(manager.Status, fate) {}

func seesEarlyEnds(*testing.T) {}
