package store

import (
	"context"
	"errors"
	"slices"
)

// Retain removes the oldest releases, one after another, until enough holds for the number of those that are here and the oldest that may be
// removed, or until none may be: neither the current one nor the one to go back to nor those in keep. It gives those it removed. A release
// that is removed is forgotten, and one that had fallen may be deployed again. One that can't be removed, since a file of it is open on Windows,
// stays; it doesn't count among those that are here, and the next oldest is looked at. err says which those were, or that the state wasn't saved.
func (s *Store) Retain(enough func(left int, oldest *Release) bool, keep ...string) (removed []string, err error) {
	keep = s.needed(keep)
	held := 0
	for i := 0; i < len(s.State.Releases); {
		r := s.State.Releases[i]
		if slices.Contains(keep, r.Version) {
			i++
			continue
		}
		if enough(len(s.State.Releases)-held, &r) {
			break
		}
		if failed := s.drop(i); failed != nil {
			err = errors.Join(err, failed)
		}
		if s.State.Find(r.Version) != nil {
			held++
			i++
			continue
		}
		removed = append(removed, r.Version)
	}
	return removed, err
}

// needed adds to keep the current release and the one to go back to.
func (s *Store) needed(keep []string) []string {
	keep = append(keep, s.State.Current)
	for _, r := range s.State.Earlier() {
		if s.Whole(r.Version) == nil {
			return append(keep, r.Version)
		}
	}
	return keep
}

// Removable is how many bytes there are in the releases that [Store.Retain] may remove, and in their backups.
func (s *Store) Removable(keep ...string) (size int64) {
	keep = s.needed(keep)
	for i := range s.State.Releases {
		version := s.State.Releases[i].Version
		if slices.Contains(keep, version) {
			continue
		}
		for _, folder := range append(s.earlierBackups(version), s.BackupFolder(version), s.Folder(version)) {
			n, _ := sizeOf(context.Background(), folder) // what can't be read, or isn't there, gives no room
			size += n
		}
	}
	return size
}

// drop removes one. The state comes first: it names none that is half there. Where the disk takes no state, because it is full, the files go
// first after all, for they are what fills it.
func (s *Store) drop(i int) error {
	version, before := s.State.Releases[i].Version, slices.Clone(s.State.Releases)
	s.State.Releases = slices.Delete(s.State.Releases, i, i+1)
	saved := s.Save()
	if err := s.Remove(version); err != nil {
		s.State.Releases = before
		return errors.Join(err, s.Save())
	}
	if saved != nil {
		saved = s.Save()
	}
	return saved
}
