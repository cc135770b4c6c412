package readers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/launch"
)

// groupPrefix begins the name of a reader that is a group in any case.
const groupPrefix = "group:"

// Set are accounts and groups, by their numbers, sorted.
type Set struct{ UIDs, GIDs []uint32 }

// Empty says that nobody is in the set.
func (s Set) Empty() bool { return len(s.UIDs)+len(s.GIDs) == 0 }

// Equal compares two sets.
func (s Set) Equal(t Set) bool { return slices.Equal(s.UIDs, t.UIDs) && slices.Equal(s.GIDs, t.GIDs) }

// Has says whether an account or one of its groups is in the set.
func (s Set) Has(uid uint32, gids ...uint32) bool {
	return slices.Contains(s.UIDs, uid) || slices.ContainsFunc(gids, func(gid uint32) bool { return slices.Contains(s.GIDs, gid) })
}

// add: an account beats a group of its name, because a group has members whom nobody thought of.
func (s *Set) add(name string) error {
	group, isGroup := strings.CutPrefix(name, groupPrefix)
	if !isGroup {
		if u, err := launch.LookupUser(name); err == nil {
			s.UIDs = append(s.UIDs, uint32(u.UID))
			return nil
		}
	}
	if gid, err := launch.LookupGroup(group); err == nil {
		s.GIDs = append(s.GIDs, uint32(gid))
		return nil
	}
	if group == Observer {
		return fmt.Errorf("there is no group %s yet, so it lets nobody in (daruma install observe.yaml makes it; reload this service then)", group)
	}
	if isGroup {
		return fmt.Errorf("there is no group %s in /etc/group, so it lets nobody in (create it with groupadd, or give its number: group:1001)", group)
	}
	return fmt.Errorf("there is neither an account nor a group %s in /etc/passwd and /etc/group, so it lets nobody in "+
		`(create it with groupadd, or give a number: "1001" for an account, group:1001)`, name)
}

func (s Set) sorted() Set { return Set{sorted(s.UIDs), sorted(s.GIDs)} }

// String writes the set for [Parse]: u33,g100.
func (s Set) String() string {
	var parts []string
	for _, id := range s.UIDs {
		parts = append(parts, "u"+strconv.FormatUint(uint64(id), 10))
	}
	for _, id := range s.GIDs {
		parts = append(parts, "g"+strconv.FormatUint(uint64(id), 10))
	}
	return strings.Join(parts, ",")
}

// Parse reads what String writes.
func Parse(text string) (Set, error) {
	var s Set
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		n, err := strconv.ParseUint(part[1:], 10, 32)
		switch {
		case err != nil || part[0] != 'u' && part[0] != 'g':
			return Set{}, fmt.Errorf("%.40q names no reader", part)
		case part[0] == 'u':
			s.UIDs = append(s.UIDs, uint32(n))
		default:
			s.GIDs = append(s.GIDs, uint32(n))
		}
	}
	return s.sorted(), nil
}
