package journal

import (
	"encoding/binary"
	"strings"
)

// maxName is journald's limit for the length of a field's name (src/basic/journal-field).
const maxName = 64

// AppendField appends one field of an entry to dst. The value may have any bytes: one with a newline is sent with its length
// in front. The name isn't checked; see [FieldName].
func AppendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	if strings.Contains(value, "\n") {
		dst = append(dst, '\n')
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(value)))
	} else {
		dst = append(dst, '=')
	}
	return append(append(dst, value...), '\n')
}

// FieldName makes a field's name of any text. A name has the letters A to Z, the digits 0 to 9 and _, begins with a letter, and
// has at most 64 characters: small letters become capitals, everything else becomes _. Names that have a meaning for
// the journal get the prefix ATTR_, so that an attribute "priority" isn't taken for the entry's priority.
// Source: systemd.journal-fields(7).
func FieldName(text string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, text)
	name = strings.TrimLeft(name, "_")
	switch {
	case name == "":
		name = "ATTR"
	case name[0] >= '0' && name[0] <= '9', reserved(name):
		name = "ATTR_" + name
	}
	return name[:min(len(name), maxName)]
}

func reserved(name string) bool {
	for _, prefix := range []string{"SYSLOG_", "CODE_", "OBJECT_", "COREDUMP_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "MESSAGE", "MESSAGE_ID", "PRIORITY", "EVENT_ID", "INVOCATION_ID", "USER_INVOCATION_ID", "DOCUMENTATION", "TID", "UNIT",
		"USER_UNIT", "ERRNO":
		return true
	}
	return false
}
