package readers

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
)

// Set are accounts and groups, by their SIDs, sorted.
type Set struct{ SIDs []string }

// Empty says that nobody is in the set.
func (s Set) Empty() bool { return len(s.SIDs) == 0 }

// Equal compares two sets.
func (s Set) Equal(t Set) bool { return slices.Equal(s.SIDs, t.SIDs) }

// String lists the SIDs.
func (s Set) String() string { return strings.Join(s.SIDs, ",") }

// add takes a SID as it is, and looks up any other name: an account, a group, NT SERVICE\NAME. The observer's SID follows from its name, so
// that it needn't be installed yet.
func (s *Set) add(name string) error {
	if strings.EqualFold(name, Observer) {
		s.SIDs = append(s.SIDs, ServiceSID(Observer))
		return nil
	}
	sid, err := windows.StringToSid(name)
	if err != nil {
		sid, _, _, err = windows.LookupSID("", name)
	}
	if err != nil {
		return fmt.Errorf("%s lets nobody in: %w (give an account, a group, NT SERVICE\\NAME or a SID)", name, err)
	}
	s.SIDs = append(s.SIDs, sid.String())
	return nil
}

func (s Set) sorted() Set { return Set{sorted(s.SIDs)} }
