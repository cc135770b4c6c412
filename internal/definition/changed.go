package definition

import (
	"reflect"
	"slices"
)

// Changed says what a reload from old to new has to do. added, removed and changed are names of programs, in the order
// of new (removed: of old); a program counts as changed where anything of its definition differs, the expanded values of
// variables included, but not the contents of its envFiles, which are read at each start. serviceChanged: something
// differs that the operating system was told at install (name, displayName, description, startType, dependsOn,
// account, fallback). The order of the programs in the file, comments and formatting are no change.
//
// Where the folder of the definition differs, every program has changed, since commands are looked up from there.
func Changed(old, new *Service) (added, removed, changed []string, serviceChanged bool) {
	before := make(map[string]*Program, len(old.Programs))
	for i := range old.Programs {
		before[old.Programs[i].Name] = &old.Programs[i]
	}
	for i := range new.Programs {
		p := &new.Programs[i]
		was, known := before[p.Name]
		switch {
		case !known:
			added = append(added, p.Name)
		case old.Dir != new.Dir || !p.Equal(was):
			changed = append(changed, p.Name)
		}
		delete(before, p.Name)
	}
	for i := range old.Programs {
		if name := old.Programs[i].Name; before[name] != nil {
			removed = append(removed, name)
		}
	}
	serviceChanged = old.Name != new.Name || old.DisplayName != new.DisplayName || old.Description != new.Description ||
		old.StartType != new.StartType || old.Account != new.Account || !slices.Equal(old.DependsOn, new.DependsOn) ||
		!old.Fallback.Equal(new.Fallback)
	return added, removed, changed, serviceChanged
}

// Equal reports whether two programs are defined alike.
func (p *Program) Equal(q *Program) bool { return reflect.DeepEqual(p, q) }
