package launch

import (
	"strconv"
	"syscall"
)

// The account files are read by hand: os/user would bring package os into the launcher's way, and with cgo the C library.
// Accounts that only NSS knows (LDAP, systemd's dynamic users) are therefore not found by name; their number works.
const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
)

// maxAccounts bounds what is read of an account file, in bytes.
const maxAccounts = 64 << 20

// LookupUser finds a user by name or, where no account has that name, by number. A number that no account has is a user
// all the same, as for the kernel and Kubernetes.
func LookupUser(nameOrID string) (User, error) {
	passwd, err := readFile(passwdFile)
	if err != nil {
		return User{}, err
	}
	group, err := readFile(groupFile)
	if err != nil {
		return User{}, err
	}
	return findUser(nameOrID, passwd, group)
}

// LookupGroup finds a group by name or number and gives its number; a number needs no entry.
func LookupGroup(nameOrID string) (int, error) {
	group, err := readFile(groupFile)
	if err != nil {
		return 0, err
	}
	gid := -1
	eachLine(group, 4, func(f []string) {
		if id, ok := parseID(f[2]); ok && f[0] == nameOrID && gid < 0 {
			gid = id
		}
	})
	if gid >= 0 {
		return gid, nil
	}
	if id, ok := parseID(nameOrID); ok {
		return id, nil
	}
	return 0, userError("there is no group " + quote(nameOrID) + " in " + groupFile + " (create it with groupadd, or give a number)")
}

// findUser looks up a user in the text of both files. A name beats a number, as in chown(1).
func findUser(nameOrID, passwd, group string) (User, error) {
	number, numeric := parseID(nameOrID)
	var byName, byNumber *User
	eachLine(passwd, 7, func(f []string) {
		uid, ok1 := parseID(f[2])
		gid, ok2 := parseID(f[3])
		if !ok1 || !ok2 {
			return
		}
		u := &User{Name: f[0], UID: uid, GID: gid, Home: f[5], Shell: f[6]}
		if byName == nil && f[0] == nameOrID {
			byName = u
		}
		if byNumber == nil && numeric && uid == number {
			byNumber = u
		}
	})
	found := byName
	if found == nil {
		found = byNumber
	}
	if found == nil && numeric {
		return User{UID: number, GID: Leave, Home: "/"}, nil
	}
	if found == nil {
		return User{}, userError("there is no user " + quote(nameOrID) + " in " + passwdFile + " (create it with useradd, or give a number)")
	}
	found.Groups = groupsOf(found, group)
	return *found, nil
}

func groupsOf(u *User, group string) []int {
	groups := []int{u.GID}
	eachLine(group, 4, func(f []string) {
		gid, ok := parseID(f[2])
		for members := f[3]; ok && members != ""; {
			var name string
			name, members = cut(members, ',')
			if name == u.Name && gid != u.GID {
				groups = append(groups, gid)
				return
			}
		}
	})
	return groups
}

// eachLine gives the fields of each line that has at least want of them.
func eachLine(text string, want int, line func([]string)) {
	for text != "" {
		var l string
		l, text = cut(text, '\n')
		var fields []string
		for rest := l; ; {
			field, tail := cut(rest, ':')
			fields = append(fields, field)
			if len(tail) == 0 && (len(rest) == len(field)) {
				break
			}
			rest = tail
		}
		if len(fields) >= want && fields[0] != "" && l[0] != '#' {
			line(fields)
		}
	}
}

// parseID reads a user or group number: decimal digits only, at most 2³²-2.
func parseID(s string) (int, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > maxID {
		return 0, false
	}
	return int(n), true
}

func readFile(path string) (string, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", &Error{Step: "reading " + path, Errno: errnoOf(err)}
	}
	defer syscall.Close(fd)
	var data []byte
	buf := make([]byte, 16<<10)
	for len(data) < maxAccounts {
		n, err := syscall.Read(fd, buf)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return "", &Error{Step: "reading " + path, Errno: errnoOf(err)}
		}
		if n == 0 {
			return string(data), nil
		}
		data = append(data, buf[:n]...)
	}
	return "", &Error{Step: "reading " + path, Errno: syscall.EFBIG}
}
