package definition

import "strings"

// maxPrograms is what one service may have.
const maxPrograms = 5000

func (d *decoder) service(n *node) *Service {
	s := &Service{StartType: "automatic", Account: "virtual", ReportRunning: Started, Fallback: Fallback{Every: defaultFallback},
		Backup: Backup{Timeout: defaultBackupTimeout}}
	if n.kind != mapNode {
		d.wrong(n, "a map with name and programs")
		return s
	}
	// Keys with x- are places for the file's own anchors; they mean nothing to daruma.
	own := *n
	own.entries = nil
	d.takeFolder(n)
	for _, e := range n.entries {
		if !strings.HasPrefix(e.key, "x-") {
			own.entries = append(own.entries, e)
		}
	}
	d.object(&own, d.serviceFields(s))
	d.require(&own, "name", "programs")
	if s.DisplayName == "" {
		s.DisplayName = s.Name
	}
	d.checkService(s, n)
	return s
}

// takeFolder sets where relative paths start, before any of them is read.
func (d *decoder) takeFolder(n *node) {
	for i := range n.entries {
		if e := &n.entries[i]; e.key == "folder" && (e.value.kind == plainNode || e.value.kind == quotedNode) && e.value.text != "" {
			d.dir = Absolute(d.dir, e.value.text)
		}
	}
}

func (d *decoder) serviceFields(s *Service) []field {
	return []field{
		{"name", func(n *node) { s.Name = d.name(n) }},
		{"folder", func(n *node) { d.filePath(n, d.str(n)) }}, // takeFolder has taken it
		{"displayName", func(n *node) { s.DisplayName = d.line(n) }},
		{"description", func(n *node) { s.Description = d.anyStr(n) }},
		{"startType", func(n *node) { s.StartType = d.enum(n, "automatic", "delayed", "manual", "disabled") }},
		{"dependsOn", func(n *node) { s.DependsOn = d.services(n) }},
		{"account", func(n *node) { s.Account = d.account(n) }},
		{"reportRunning", func(n *node) { s.ReportRunning = Condition(d.enum(n, string(Started), string(Ready))) }},
		{"fallback", func(n *node) { d.object(n, d.fallbackFields(&s.Fallback)) }},
		{"control", func(n *node) { d.object(n, d.controlFields(&s.Control)) }},
		{"backup", func(n *node) { d.object(n, d.backupFields(&s.Backup)) }},
		{"programs", func(n *node) { d.programs(n, s) }},
	}
}

// name gives the name of a service: it names a folder, a unit and a service of the operating system.
func (d *decoder) name(n *node) string {
	name := d.str(n)
	if msg := checkName(name); name != "" && msg != "" {
		d.fail(n.pos, "%s, is %s", msg, quote(name))
	}
	return name
}

// checkName says what is wrong with the name of a service or program; "" where nothing is. Both become file names.
func checkName(name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if len(name) > 63 || !only(name, letters) || name[0] == '-' || name[len(name)-1] == '-' {
		return "must be 1 to 63 characters, a-z, 0-9 and -, and begin and end with a letter or digit"
	}
	// Windows opens a device instead of a file of that name, in any folder and with any extension.
	switch name {
	case "con", "prn", "aux", "nul":
		return "must not be the name of a Windows device"
	}
	if len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && name[3] >= '0' && name[3] <= '9' {
		return "must not be the name of a Windows device"
	}
	return ""
}

// line is text of one line; the service managers show it in lists and write it to files of lines.
func (d *decoder) line(n *node) string {
	s := d.str(n)
	if strings.ContainsAny(s, "\n\r") {
		d.fail(n.pos, "must be one line")
	}
	if len(s) > 256 {
		d.fail(n.pos, "must be at most 256 bytes long (a limit of the Windows service manager)")
	}
	return s
}

// services is dependsOn of the service: names that the operating system knows.
func (d *decoder) services(n *node) []string {
	if n.kind == plainNode || n.kind == quotedNode {
		d.fail(n.pos, "must be a list: write [%s]", clip(n.text))
		return nil
	}
	var names []string
	seen := map[string]bool{}
	d.list(n, func(n *node) {
		name := d.line(n)
		switch {
		case strings.ContainsAny(name, `/\`):
			d.fail(n.pos, "must be the name of a service of the operating system, without / and \\, is %s", quote(name))
		case seen[name] && name != "":
			d.fail(n.pos, "%s stands here twice: remove one", quote(name))
		}
		seen[name] = true
		names = append(names, name)
	})
	return names
}

// account gives the user that the operating system starts daruma as.
func (d *decoder) account(n *node) string {
	account := d.line(n)
	for _, known := range []string{"virtual", "LocalService", "NetworkService", "LocalSystem"} {
		if account != known && strings.EqualFold(account, known) {
			d.fail(n.pos, "must be virtual, LocalService, NetworkService, LocalSystem or a user: did you mean %s?", known)
		}
	}
	if known := knownAccount(account); known != "" {
		d.fail(n.pos, "must be %s, daruma's name for %s on both systems", known, clip(account))
		return account
	}
	if strings.ContainsAny(account, `/:*?"<>|`) || strings.Count(account, `\`) > 1 {
		d.fail(n.pos, `must be virtual, LocalService, NetworkService, LocalSystem, DOMAIN\user$ or a user, is %s`, quote(account))
	}
	return account
}

// knownAccount is the name here of an account that Windows calls otherwise, as sc.exe and services.msc show it; "": it isn't one of them.
// NT SERVICE\NAME can be the account of the service called NAME alone.
// Source: https://learn.microsoft.com/windows/win32/services/service-user-accounts
func knownAccount(account string) string {
	name := strings.ToLower(account)
	if strings.HasPrefix(name, `nt service\`) {
		return "virtual"
	}
	qualified := name
	for _, prefix := range []string{`nt authority\`, `.\`} {
		name = strings.TrimPrefix(name, prefix)
	}
	name = strings.ReplaceAll(name, " ", "")
	if name == "system" {
		return "LocalSystem"
	}
	for _, known := range []string{"LocalService", "NetworkService", "LocalSystem"} {
		if name == strings.ToLower(known) && name != qualified {
			return known
		}
	}
	return ""
}

func (d *decoder) programs(n *node, s *Service) {
	if n.kind == listNode {
		d.fail(n.pos, "must be a map, is a list: write NAME: {command: […]} for each program")
		return
	}
	if !d.isMap(n) {
		return
	}
	switch {
	case len(n.entries) == 0:
		d.fail(n.pos, "must have at least one program: NAME: {command: […]}")
	case len(n.entries) > maxPrograms:
		d.fail(n.pos, "must be at most %d, are %d", maxPrograms, len(n.entries))
		return
	}
	s.Programs = make([]Program, len(n.entries))
	for i := range n.entries {
		e, p := &n.entries[i], &s.Programs[i]
		d.in(e.key, e.pos, func() {
			if msg := checkName(e.key); msg != "" {
				d.fail(e.pos, "the name of a program %s", msg)
			}
			if e.key == "daruma" { // its log would be daruma's own
				d.fail(e.pos, "the name of a program must not be daruma: daruma.log is daruma's own log")
			}
			d.program(e, p)
		})
	}
}
