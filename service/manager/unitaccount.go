package manager

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// identity adds who the service runs as.
//
// A virtual account is systemd's dynamic user: it exists while the service runs and owns nothing but the service's folders. With it
// come ProtectSystem=strict, ProtectHome=read-only, PrivateTmp= and NoNewPrivileges= (systemd.exec(5)). Other accounts get no
// sandbox: what their programs may write to and start is for whoever made the account.
func identity(u *unitfile.Unit, s Spec) (remarks []string) {
	switch account := s.Account; {
	case account == "" || account == AccountSystem:
		return nil // root
	case !UserAccount(account):
		u.Add("Service", "DynamicUser", "yes")
		u.Add("Service", "User", dynamicUser(s.Name))
		if account != AccountVirtual {
			remarks = append(remarks, fmt.Sprintf("account %s is Windows'; here it is the same as %s", account, AccountVirtual))
		}
	default:
		u.Add("Service", "User", unitfile.Text(account))
	}
	return remarks
}

// dynamicUser names the user, by which ps shows it. Not by the service's name alone: systemd would take a user of /etc/passwd
// that happens to be called so. Names have 31 characters (systemd.exec(5), User=).
func dynamicUser(name string) string {
	const prefix, longest = "daruma-", 31
	plain := strings.ToLower(name)
	if strings.Trim(plain, "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" && len(prefix+plain) <= longest {
		return prefix + plain
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + hex.EncodeToString(sum[:8])
}

// supervision adds what a service needs that keeps other programs running.
func supervision(u *unitfile.Unit, s Spec, version int) {
	v := s.Supervision
	if v.Folders != "" {
		for _, kind := range []struct{ name, mode string }{{"State", "0700"}, {"Logs", "0750"}, {"Runtime", "0700"}} {
			u.Add("Service", kind.name+"Directory", v.Folders)
			u.Add("Service", kind.name+"DirectoryMode", kind.mode)
		}
		// What was read from the programs and isn't in a log yet survives a crash.
		if dynamic := s.Account != "" && s.Account != AccountSystem && !UserAccount(s.Account); !dynamic || !v.OpenRun {
			u.Add("Service", "RuntimeDirectoryPreserve", "restart")
		}
	}
	if s.Account != "" && s.Account != AccountSystem {
		u.Add("Service", "SupplementaryGroups", strings.Join(v.Groups, " "))
		u.Add("Service", "AmbientCapabilities", strings.Join(v.Capabilities, " "))
		if !UserAccount(s.Account) { // a user's programs may have a use for sudo
			u.Add("Service", "CapabilityBoundingSet", strings.Join(v.Capabilities, " "))
		}
	}
	for _, l := range v.limits {
		u.Add("Service", l.key, l.value)
	}
	if v.Delegate {
		u.Add("Service", "Delegate", "yes")
		if version >= 243 {
			u.Add("Service", "OOMPolicy", "continue")
		}
		u.Add("Service", "OOMScoreAdjust", "-500") // it gives its programs their own: without it none of them is kept running
		u.Add("Service", "TasksMax", "infinity")   // its programs' processes all count
	}
	var codes []string
	for _, code := range v.NoRestart {
		codes = append(codes, fmt.Sprint(code))
	}
	u.Add("Service", "RestartPreventExitStatus", strings.Join(codes, " "))
}
