package launch

import "strconv"

const allCaps = "ALL"

// capNames are the capabilities by number, from 0. Source: linux/capability.h, capabilities(7).
// One constant instead of a table: it costs no init and no heap.
const capNames = "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
	"NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE " +
	"SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL " +
	"SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"

// rlimitNames are the resource limits by number, from 0, on every architecture that Go and Linux share but MIPS.
// Source: asm-generic/resource.h.
const rlimitNames = "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime"

// capNumber gives the number of a capability, with or without CAP_.
func capNumber(name string) (int, bool) {
	if len(name) > 4 && name[:4] == "CAP_" {
		name = name[4:]
	}
	return indexOfName(capNames, name)
}

// Capability gives the number of a capability, with or without CAP_.
func Capability(name string) (number int, known bool) { return capNumber(name) }

// capName is for error messages.
func capName(number int) string {
	rest := capNames
	for ; rest != ""; number-- {
		word, tail := cut(rest, ' ')
		if number == 0 {
			return word
		}
		rest = tail
	}
	return strconv.Itoa(number)
}

func rlimitNumber(name string) (int, bool) { return indexOfName(rlimitNames, name) }

// indexOfName finds name in a list of names with blanks between them.
func indexOfName(list, name string) (int, bool) {
	for i := 0; list != ""; i++ {
		word, tail := cut(list, ' ')
		if word == name {
			return i, true
		}
		list = tail
	}
	return 0, false
}

// cut splits at the first sep; package strings isn't imported (see the package's documentation).
func cut(s string, sep byte) (before, after string) {
	for i := 0; i < len(s); i++ {
		if s[i] == sep {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
