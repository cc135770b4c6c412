package definition

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

func (d *decoder) securityFields(s *SecurityContext) []field {
	return []field{
		{"runAsUser", func(n *node) { s.RunAsUser = d.identity(n) }},
		{"runAsGroup", func(n *node) { s.RunAsGroup = d.identity(n) }},
		{"supplementalGroups", func(n *node) {
			d.list(n, func(n *node) { s.SupplementalGroups = append(s.SupplementalGroups, d.identity(n)) })
		}},
		{"capabilities", func(n *node) {
			d.object(n, d.capabilityFields(s))
			for _, c := range s.AddCapabilities {
				if slices.Contains(s.DropCapabilities, c) {
					d.fail(n.pos, "%s is both added and dropped: remove one", c)
				}
			}
		}},
		{"allowPrivilegeEscalation", func(n *node) {
			v := d.boolean(n)
			s.AllowPrivilegeEscalation = &v
		}},
	}
}

func (d *decoder) capabilityFields(s *SecurityContext) []field {
	return []field{
		{"add", func(n *node) { s.AddCapabilities = d.capabilities(n, false) }},
		{"drop", func(n *node) { s.DropCapabilities = d.capabilities(n, true) }},
	}
}

// identity is a user or group, by number or by name. 4294967295 is -1 for setuid(2): "leave as it is".
func (d *decoder) identity(n *node) string {
	if n.kind == plainNode && classify(n.text) == integerText {
		v, ok := d.integer(n, 0, math.MaxUint32-1)
		if !ok {
			return ""
		}
		return strconv.FormatInt(v, 10)
	}
	if !n.isText() {
		d.wrong(n, "a name or a number")
		return ""
	}
	name := d.str(n)
	switch {
	case classify(name) == integerText && !only(name, "0123456789"):
		d.fail(n.pos, "must be a name or a number, is %s", quote(name))
	case only(name, "0123456789"):
		if v, err := strconv.ParseUint(name, 10, 32); err != nil || v == math.MaxUint32 {
			d.fail(n.pos, "must be a name, or a number from 0 to 4294967294, is %s", quote(name))
		}
	case strings.ContainsAny(name, ":/\n\t ,"):
		d.fail(n.pos, "must be one name or one number, is %s", quote(name))
	}
	return name
}

// capabilityNames are capabilities(7)'s, without CAP_.
func capabilityNames() []string {
	return strings.Fields(`AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE
		DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
		NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT
		SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`)
}

func (d *decoder) capabilities(n *node, drop bool) []string {
	var names []string
	known := capabilityNames()
	d.list(n, func(n *node) {
		text := d.str(n)
		name := strings.TrimPrefix(text, "CAP_")
		switch {
		case text == "":
		case name == "ALL" && !drop:
			d.fail(n.pos, "ALL can only be dropped: name the capabilities that the program needs")
		case name == "ALL" || slices.Contains(known, name):
			if slices.Contains(names, name) {
				d.fail(n.pos, "%s stands here twice: remove one", name)
				return
			}
			names = append(names, name)
		default:
			if near := nearest(strings.TrimPrefix(strings.ToUpper(text), "CAP_"), known); near != "" {
				d.fail(n.pos, "unknown capability %s: did you mean %s?", quote(text), near)
			} else {
				d.fail(n.pos, "unknown capability %s: they are in capabilities(7), such as NET_BIND_SERVICE", quote(text))
			}
		}
	})
	return names
}
