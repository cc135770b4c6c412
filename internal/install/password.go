package install

import (
	"fmt"
	"slices"

	"github.com/daruma-sh/daruma/service/manager"
)

// GetPassword gets the account's password where the service manager needs one that it doesn't have: at a first installation and when
// the account changes. It goes to the service manager alone. plan is what will change.
func (i *Installation) GetPassword(plan manager.Changes) error {
	account := i.Definition.Account
	if !manager.NeedsPassword(account) {
		if i.password.Given {
			return &UsageError{fmt.Errorf("account %s has no password that the service manager wants", account)}
		}
		return nil
	}
	other := slices.ContainsFunc(plan.Changed, func(c manager.Change) bool { return c.Setting == "SERVICE_START_NAME" })
	if i.DryRun || !i.password.Given && !plan.Created && !other {
		return nil
	}
	password, err := i.password.Read(account)
	if err != nil {
		return &UsageError{fmt.Errorf("the password of %s: %w", account, err)}
	}
	i.Spec.Password = manager.Password(password)
	return nil
}
