package install

import (
	"fmt"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/service/manager"
)

// beyondAccount lists what programs want that daruma can't give them unless it is root. Who may become any user may become root,
// so that there is nothing in between to offer.
func beyondAccount(def *definition.Service) []error {
	if strings.ContainsAny(def.Account, `\$@`) {
		return []error{fmt.Errorf("account: %s is an account of Windows; here take virtual, LocalSystem (root) or a user's name", def.Account)}
	}
	if def.Account == manager.AccountSystem {
		return nil
	}
	var found []error
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		found = append(found, fmt.Errorf("DARUMA_HOME is %s, where account %s can't write: unset it, so that systemd makes the service's folders, "+
			"or take account: LocalSystem", home, def.Account))
	}
	for i := range def.Programs {
		p := &def.Programs[i]
		s := &p.Security
		for _, want := range []struct {
			field string
			set   bool
		}{
			{"securityContext.runAsUser", s.RunAsUser != ""}, {"securityContext.runAsGroup", s.RunAsGroup != ""},
			{"securityContext.supplementalGroups", len(s.SupplementalGroups) > 0},
			{"securityContext.capabilities", len(s.AddCapabilities)+len(s.DropCapabilities) > 0},
			{"nice", p.Nice != nil && *p.Nice < 0},
		} {
			if want.set {
				found = append(found, fmt.Errorf("programs.%s.%s needs root's rights, and account %s hasn't got them: write account: LocalSystem, "+
					"with runAsUser for every program that isn't to be root", p.Name, want.field, def.Account))
			}
		}
	}
	return found
}
