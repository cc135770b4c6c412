package install

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/service/manager"
)

// beyondAccount lists what programs want that daruma can't give them unless it is root. Who may become any user may become root,
// so that there is nothing in between to offer.
func beyondAccount(def *definition.Service) (found definition.Errors) {
	refuse := func(path, why string) {
		found = append(found, definition.Error{File: def.File, Pos: def.At(path), Path: path, Msg: why})
	}
	if strings.ContainsAny(def.Account, `\$@`) {
		refuse("account", def.Account+" is an account of Windows; here take virtual, LocalSystem (root) or a user's name")
		return found
	}
	if def.Account == manager.AccountSystem {
		return nil
	}
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		refuse("account", fmt.Sprintf("%s can't write to DARUMA_HOME, which is %s: unset that, so that systemd makes the service's folders, "+
			"or take account: LocalSystem", def.Account, home))
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
			{"nice", p.Nice != nil && *p.Nice < 0},
		} {
			if want.set {
				refuse("programs."+p.Name+"."+want.field, fmt.Sprintf("needs root's rights, and account %s hasn't got them: write account: LocalSystem, "+
					"with runAsUser for every program that isn't to be root", def.Account))
			}
		}
		for _, name := range s.AddCapabilities {
			if !slices.Contains(harmless(), name) {
				refuse("programs."+p.Name+".securityContext.capabilities.add", fmt.Sprintf("names %s, with which a program can become root or another user, so that "+
					"account %s can't have it: write account: LocalSystem, with runAsUser for every program that isn't to be root, or take one of %s",
					name, def.Account, strings.Join(harmless(), " ")))
			}
		}
		if escalates := s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation; len(s.DropCapabilities) > 0 && manager.UserAccount(def.Account) && escalates {
			refuse("programs."+p.Name+".securityContext.capabilities.drop", "holds for a user's account only with allowPrivilegeEscalation: false: without that, "+
				"sudo gives them back")
		}
	}
	return found
}

// harmless are the capabilities with which nobody becomes root, or ends and reads other users' processes (capabilities(7)).
func harmless() []string {
	return strings.Fields("BLOCK_SUSPEND IPC_LOCK NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW SYS_NICE SYS_TIME WAKE_ALARM")
}
