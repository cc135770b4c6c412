package manager

import (
	"fmt"
	"strings"
)

// The accounts that every system has, with the names of the definition's field account. Any other text is a user's name.
const (
	AccountVirtual = "virtual"        // Windows: NT SERVICE\NAME. Linux: a user that exists while the service runs (DynamicUser=)
	AccountLocal   = "LocalService"   // Windows: few rights, anonymous on the network. Linux: as virtual
	AccountNetwork = "NetworkService" // Windows: few rights, the machine's account on the network. Linux: as virtual
	AccountSystem  = "LocalSystem"    // Windows: SYSTEM. Linux: root
)

// Password is a password. Package fmt and encoders of text don't show it.
type Password string

// String hides it.
func (Password) String() string { return "(hidden)" }

// GoString hides it.
func (Password) GoString() string { return "(hidden)" }

// MarshalText hides it.
func (Password) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// NeedsPassword reports whether the service manager wants an account's password: Windows, for users that are neither one of
// the built-in accounts nor a managed service account, whose name ends in $.
func NeedsPassword(account string) bool { return needsPassword(account) }

// UserAccount reports whether account is a user's name, none of the built-in accounts.
func UserAccount(account string) bool {
	switch account {
	case "", AccountVirtual, AccountLocal, AccountNetwork, AccountSystem:
		return false
	}
	return true
}

func (s Spec) checkAccount() error {
	if hasControl(s.Account) || strings.TrimSpace(s.Account) != s.Account {
		return fmt.Errorf("account %q: no control characters, and no space at its ends", s.Account)
	}
	if s.Password != "" && !NeedsPassword(s.Account) {
		return fmt.Errorf("account %s takes no password", s.Account)
	}
	return s.Supervision.check()
}
