package install

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// LetRead gives what lets the account of the installed service called name read a file that a deploy has brought; nil where no service of this
// name is installed here, or its account reads everything. What takes another installation is an error that says so.
func LetRead(name string, place folders.Folders) func(file string) error {
	installed, err := record.Load(place.Config)
	if err != nil || installed.Spec.Account == manager.AccountSystem {
		return nil
	}
	account := installed.Spec.Account
	return func(file string) error {
		changes, err := access.GrantRead(name, account, file, true)
		if err != nil || len(changes) == 0 {
			return err
		}
		for _, c := range changes {
			if strings.HasPrefix(c.Setting, "group ") { // the running service isn't in a group that is made now
				return fmt.Errorf("daruma install %s, and daruma restart %s, let it", name, name)
			}
		}
		_, err = access.GrantRead(name, account, file, false)
		return err
	}
}

// TakesInstall names what of a definition the service manager knows, and is another in after than in before: a reload doesn't change it,
// daruma install does.
func TakesInstall(before, after *definition.Service) ([]string, error) {
	a, err := specOf(before, "daruma", timesOf(before), nil, nil)
	b, err2 := specOf(after, "daruma", timesOf(after), nil, nil)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	var list []string
	for _, field := range []struct {
		name string
		a, b any
	}{
		{"displayName", a.DisplayName, b.DisplayName}, {"description", a.Description, b.Description}, {"startType", a.StartType, b.StartType},
		{"account", a.Account, b.Account}, {"dependsOn", a.DependsOn, b.DependsOn},
		{"times to start and to stop", [2]any{a.StartTimeout, a.StopTimeout}, [2]any{b.StartTimeout, b.StopTimeout}},
		{"rights and limits", a.Supervision, b.Supervision}, {"fallback", before.Fallback, after.Fallback},
	} {
		if !reflect.DeepEqual(field.a, field.b) {
			list = append(list, field.name)
		}
	}
	return list, nil
}
