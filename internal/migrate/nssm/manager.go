package nssm

import (
	"strings"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// manager is what the service control manager keeps of the service, one key above NSSM's.
func (c *conversion) manager() {
	key := c.service.Key
	if _, whole := key.Value("ImagePath"); !whole {
		c.note("ImagePath", "this export holds NSSM's part alone: account, start type, dependencies and names are daruma's defaults. To take them over, export the key of the service, one above Parameters")
		return
	}
	if v, _ := key.Value("DisplayName"); v.Text != "" {
		switch name := oneLine(v.Text); {
		case strings.HasPrefix(v.Text, "@"):
			c.note("DisplayName", "is a reference to a resource of a file: write displayName yourself")
		case name != c.doc.name:
			c.doc.displayName = name
		}
	}
	if v, _ := key.Value("Description"); strings.HasPrefix(v.Text, "@") {
		c.note("Description", "is a reference to a resource of a file: write description yourself")
	} else {
		c.doc.description = v.Text
	}
	c.startType(key)
	c.account(key)
	c.dependencies(key)
	c.others(key)
}

// oneLine makes s fit for displayName: one line of at most 256 bytes.
func oneLine(s string) string {
	s = strings.TrimSpace(plaintext.Line(s))
	for len(s) > 256 {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// startType is Start and DelayedAutostart. Source:
// https://learn.microsoft.com/en-us/windows/win32/api/winsvc/ns-winsvc-query_service_configw
func (c *conversion) startType(key *Key) {
	start, ok := key.Value("Start")
	delayed, _ := key.Value("DelayedAutostart")
	switch {
	case !ok || start.Kind != Dword:
		c.note("Start", "is missing: the service starts automatically here")
	case start.Number == 2 && delayed.Number != 0:
		c.doc.startType = "delayed"
	case start.Number == 2:
		c.doc.startType = "automatic"
	case start.Number == 3:
		c.doc.startType = "manual"
	case start.Number == 4:
		c.doc.startType = "disabled"
	default:
		c.note("Start", "%d is for drivers: the service starts automatically here", start.Number)
	}
}

// account is ObjectName. A service without one runs as LocalSystem.
func (c *conversion) account(key *Key) {
	v, _ := key.Value("ObjectName")
	domain, user, _ := strings.Cut(strings.ToLower(v.Text), `\`)
	switch {
	case v.Text == "" || strings.EqualFold(v.Text, "LocalSystem") || strings.EqualFold(v.Text, `.\LocalSystem`):
		c.doc.account = "LocalSystem"
		c.note("ObjectName", "LocalSystem may do everything on the machine. Leave account out, and the service has an account of its own, NT SERVICE\\%s, which needs rights to the files that the program uses", c.doc.name)
	case domain == "nt authority" && strings.ReplaceAll(user, " ", "") == "localservice":
		c.doc.account = "LocalService"
	case domain == "nt authority" && strings.ReplaceAll(user, " ", "") == "networkservice":
		c.doc.account = "NetworkService"
	case domain == "nt service":
		c.doc.account = "virtual"
		if user != c.doc.name {
			c.note("ObjectName", "%s becomes NT SERVICE\\%s: give that account the rights to files that the old one had", v.Text, c.doc.name)
		}
	case strings.ContainsAny(v.Text, "/:*?\"<>|\r\n") || strings.Count(v.Text, `\`) > 1 || len(v.Text) > 256 || isKeyword(v.Text):
		c.note("ObjectName", "%s can't be the name of an account here: write account yourself", v.Text)
	default:
		c.doc.account = v.Text
		if !strings.HasSuffix(v.Text, "$") {
			c.note("ObjectName", "the password of %s isn't in the registry's export, and is never in a definition: have it at hand for the installation", v.Text)
		}
	}
}

// isKeyword: a user of this name can't be told from an account that definitions know.
func isKeyword(account string) bool {
	for _, known := range []string{"virtual", "LocalService", "NetworkService", "LocalSystem"} {
		if strings.EqualFold(account, known) {
			return true
		}
	}
	return false
}

func (c *conversion) dependencies(key *Key) {
	services, _ := key.Value("DependOnService")
	seen := map[string]bool{}
	for _, name := range services.List {
		switch lower := strings.ToLower(name); {
		case seen[lower]:
		case strings.HasPrefix(name, "+"):
			c.note("DependOnService", "%s is a group, which a definition can't depend on: name its services in dependsOn", name)
		case strings.ContainsAny(name, "/\\\r\n") || len(name) > 256 || name == c.doc.name:
			c.note("DependOnService", "%s can't be depended on; left out", name)
		default:
			c.doc.dependsOn = append(c.doc.dependsOn, name)
		}
		seen[strings.ToLower(name)] = true
	}
	groups, _ := key.Value("DependOnGroup")
	for _, name := range groups.List {
		c.note("DependOnGroup", "%s is a group, which a definition can't depend on: name its services in dependsOn", name)
	}
}

// others are settings of the service control manager that daruma sets by itself, or has no word for.
func (c *conversion) others(key *Key) {
	if v, ok := key.Value("Type"); ok && v.Number&0x100 != 0 {
		c.note("Type", "the service was allowed to show windows on the desktop, which Windows has ended with Vista")
	}
	for _, o := range []struct{ setting, text string }{
		{"FailureActions", "aren't taken over: daruma restarts the program itself, and has recovery actions of its own for itself"},
		{"FailureCommand", "ran when the service had failed, and has no counterpart: daruma events NAME -o json tells a script of every failure"},
		{"RebootMessage", "has no counterpart: daruma never restarts the machine"},
		{"Group", "the load order has no counterpart: say in dependsOn what must run first"},
		{"PreshutdownTimeout", "isn't taken over: the time for stopping is terminationGracePeriodSeconds"},
		{"RequiredPrivileges", "aren't taken over: the privileges are those of account"},
		{"LaunchProtected", "has no counterpart"},
	} {
		if _, ok := key.Value(o.setting); ok {
			c.note(o.setting, "%s", o.text)
		}
	}
	if key.Sub("TriggerInfo") != nil {
		c.note("TriggerInfo", "has no counterpart: what started the service by an event can be a task of the Task Scheduler that runs daruma start %s", c.doc.name)
	}
}
