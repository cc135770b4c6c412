package launchplan

import "github.com/daruma-sh/daruma/internal/definition"

// unsupported gives the fields for which Windows has nothing.
func unsupported(p *definition.Program) (list []unsupportedField) {
	refuse := func(asked bool, field, hint string) {
		if asked {
			list = append(list, unsupportedField{field, "isn't there on Windows: " + hint})
		}
	}
	refuse(len(p.Rlimits) > 0, "resources.rlimits", "use resources.limits, which holds for the whole process tree")
	refuse(p.Umask != nil, "umask", "new files get the access list of their folder")
	refuse(len(p.Listen) > 0, "listen", "let the program listen itself")
	sc := p.Security
	account := "all programs of a service run as its account"
	refuse(sc.RunAsUser != "", "securityContext.runAsUser", account)
	refuse(sc.RunAsGroup != "", "securityContext.runAsGroup", account)
	refuse(len(sc.SupplementalGroups) > 0, "securityContext.supplementalGroups", account)
	refuse(len(sc.AddCapabilities)+len(sc.DropCapabilities) > 0, "securityContext.capabilities", "remove it")
	refuse(sc.AllowPrivilegeEscalation != nil, "securityContext.allowPrivilegeEscalation", "remove it")
	return list
}
