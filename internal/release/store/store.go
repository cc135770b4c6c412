package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Releases is the name of the folder of the releases, in the service's config folder.
const Releases = "releases"

// Store is the releases of one service, held by this process alone until [Store.Close].
type Store struct {
	State State

	root string
	lock *lock.Lock
	// Reached is called at each place between two changes on the disk, for tests that end a deploy there; nil: nobody is interested.
	Reached func(place string)
}

// BusyError says that another deploy has the store.
type BusyError struct{ PID string }

func (e *BusyError) Error() string {
	return "another deploy or rollback of this service is under way, as process " + e.PID + ": wait for it"
}

// Open takes the releases of the service whose config folder is root, and makes what is missing.
func Open(root string) (*Store, error) {
	releases := filepath.Join(root, Releases)
	switch err := os.Mkdir(releases, 0o755); {
	case err == nil:
		if err := os.Chmod(releases, 0o755); err != nil { // whatever umask says: the service's account goes through it
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	held, _, err := lock.Take(filepath.Join(releases, "lock"))
	if busy := (*lock.HeldError)(nil); errors.As(err, &busy) {
		return nil, &BusyError{busy.PID}
	}
	if err != nil {
		return nil, err
	}
	s := &Store{root: root, lock: held}
	state, err := readState(s.statePath())
	if err != nil {
		held.Release()
		return nil, err
	}
	s.State = *state
	return s, nil
}

// Look reads the state without taking the store: a deploy may be under way.
func Look(root string) (*State, error) {
	return readState(filepath.Join(root, Releases, "state.json"))
}

// Close gives the store to others.
func (s *Store) Close() { s.lock.Release() }

func (s *Store) reach(place string) {
	if s.Reached != nil {
		s.Reached(place)
	}
}

func (s *Store) releases() string { return filepath.Join(s.root, Releases) }

// Definition is the path of the definition that deploys write.
func Definition(root string) string { return filepath.Join(root, archive.DefinitionName) }

// Folder is that of a release.
func (s *Store) Folder(version string) string { return filepath.Join(s.releases(), version) }

// DefinitionOf gives the bytes of daruma.yaml with the release version in force: those of the package, and at their end the folder from
// which paths start. No line of it moves, so that errors name the place where the package has it.
func DefinitionOf(packaged []byte, version string) []byte {
	text := slices.Clone(packaged)
	if !strings.HasSuffix(string(text), "\n") {
		text = append(text, '\n')
	}
	return fmt.Appendf(text, "folder: %q # written by daruma deploy: the files of this release\n", "releases/"+version)
}

// PutInForce writes daruma.yaml for a release that is unpacked here.
func (s *Store) PutInForce(version string) error {
	packaged, err := safefile.ReadFile(filepath.Join(s.Folder(version), archive.DefinitionName), definition.MaxSize)
	if err != nil {
		return fmt.Errorf("release %s isn't whole any more: %w", version, err)
	}
	s.reach("before the definition")
	err = safefile.Replace(Definition(s.root), DefinitionOf(packaged, version), 0o644)
	s.reach("after the definition")
	return err
}

// KeepBack writes the definition of a release beside the state, so that [Store.BringBack] has nothing left to write: what has to go back
// may be what filled the disk. "": there is no release to go back to.
func (s *Store) KeepBack(version string) error {
	if version == "" {
		return nil
	}
	packaged, err := safefile.ReadFile(filepath.Join(s.Folder(version), archive.DefinitionName), definition.MaxSize)
	if err != nil {
		return fmt.Errorf("release %s isn't whole any more: %w", version, err)
	}
	return safefile.Replace(s.backPath(), DefinitionOf(packaged, version), 0o644)
}

func (s *Store) backPath() string { return filepath.Join(s.releases(), "back.yaml") }

// ForgetBack removes what KeepBack wrote: there is nothing to go back from any more.
func (s *Store) ForgetBack() { _ = os.Remove(s.backPath()) }

// BringBack is [Store.PutInForce], with the file that [Store.KeepBack] wrote where that is of this release. One that is in force already stays
// as it is.
func (s *Store) BringBack(version string) error {
	if s.InForce() == version { // the release itself isn't asked for: what runs may lack a file, and stays
		return safefile.SyncFolder(s.root)
	}
	kept, err := safefile.ReadFile(s.backPath(), definition.MaxSize)
	if err != nil || versionOf(kept) != version {
		return s.PutInForce(version)
	}
	s.reach("before the definition")
	if err := renameOver(s.backPath(), Definition(s.root)); err != nil {
		return s.PutInForce(version)
	}
	err = safefile.SyncFolder(s.root)
	s.reach("after the definition")
	return err
}

// InForce is the release that daruma.yaml names; "": none, or it can't be read.
func (s *Store) InForce() string {
	text, err := safefile.ReadFile(Definition(s.root), definition.MaxSize)
	if err != nil {
		return ""
	}
	return versionOf(text)
}

// versionOf is the release that a definition by [DefinitionOf] names; "": it isn't one.
func versionOf(text []byte) string {
	line := strings.TrimSuffix(string(text), "\n")
	line, ours := strings.CutPrefix(line[strings.LastIndexByte(line, '\n')+1:], `folder: "releases/`)
	version, _, ended := strings.Cut(line, `"`)
	if !ours || !ended {
		return ""
	}
	return version
}

// TakeOutOfForce removes daruma.yaml, where there was no release before.
func (s *Store) TakeOutOfForce() error {
	if err := os.Remove(Definition(s.root)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return safefile.SyncFolder(s.root)
}

// Has tells whether a release is unpacked here, with the definition that puts it in force.
func (s *Store) Has(version string) bool {
	info, err := os.Lstat(filepath.Join(s.Folder(version), archive.DefinitionName))
	return err == nil && info.Mode().IsRegular()
}

// Whole says what a release lacks that was unpacked here; nil: nothing. It looks at names and sizes, and at the machine's own conf/ by name
// alone: what somebody removed by hand is found in milliseconds.
func (s *Store) Whole(version string) error {
	m := s.ManifestOf(version)
	if m == nil {
		return fmt.Errorf("release %s isn't here any more, or has lost its %s", version, archive.ManifestName)
	}
	for i := range m.Files {
		f := &m.Files[i]
		info, err := os.Lstat(filepath.Join(s.Folder(version), filepath.FromSlash(f.Path)))
		own := strings.HasPrefix(f.Path, confFolder+"/")
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size && !own {
			return fmt.Errorf("release %s isn't whole any more: %s is gone or was changed", version, f.Path)
		}
	}
	return nil
}

// Add makes the folder of a release: write fills it, and then it gets its name. What an earlier try has left is removed first.
func (s *Store) Add(version string, write func(dir string) error) error {
	dir := filepath.Join(s.releases(), ".new-"+version)
	if err := s.removeTree(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	s.reach("before unpacking")
	err := os.Chmod(dir, 0o755) // whatever umask says: the service's account reads what is in it
	if err == nil {
		err = write(dir)
	}
	if err == nil {
		err = archive.Sync(dir)
	}
	if err != nil {
		return errors.Join(err, s.removeTree(dir))
	}
	s.reach("after unpacking")
	if err := renameFolder(dir, s.Folder(version)); err != nil {
		return errors.Join(err, s.removeTree(dir))
	}
	err = safefile.SyncFolder(s.releases())
	s.reach("after naming")
	return err
}

// Remove removes the files of a release, and the copies that were made before it was put in force.
func (s *Store) Remove(version string) error {
	if err := s.removeBackups(version); err != nil {
		return err
	}
	return s.removeFiles(version)
}

// Abandon removes the files of a release that isn't put in force, or not yet. Where it is known, an earlier try of it may have left a copy of
// the data from before it, which stays.
func (s *Store) Abandon(version string) error {
	err := s.removeTree(s.newBackup(version))
	if s.State.Find(version) == nil && len(s.State.Releases) > 0 {
		err = s.removeBackups(version)
	}
	return errors.Join(err, s.removeFiles(version))
}

// removeFiles removes the folder of a release. It loses its name first: half of a release never has one.
func (s *Store) removeFiles(version string) error {
	gone := filepath.Join(s.releases(), ".old-"+version)
	if err := s.removeTree(gone); err != nil {
		return err
	}
	if err := renameFolder(s.Folder(version), gone); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	s.reach("before removing")
	return s.removeTree(gone)
}

// Sweep removes what interrupted deploys have left: folders without a name yet or any more, and releases that the state doesn't know. Where
// that is empty, because somebody removed its file, nothing tells which those are, and they stay.
func (s *Store) Sweep() error {
	entries, err := os.ReadDir(s.releases())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".new-") || strings.HasPrefix(e.Name(), ".old-") {
			err = errors.Join(err, s.removeTree(filepath.Join(s.releases(), e.Name())))
		} else if e.IsDir() && s.unknown(e.Name()) {
			err = errors.Join(err, s.Remove(e.Name()))
		}
	}
	return err
}

// unknown tells whether a folder is a release that a deploy has left. What daruma.yaml names runs, whatever the state says.
func (s *Store) unknown(name string) bool {
	state := &s.State
	if archive.CheckVersion(name) != nil || len(state.Releases) == 0 || state.Find(name) != nil || name == state.Current || name == s.InForce() {
		return false
	}
	return state.Deploy == nil || name != state.Deploy.Version && name != state.Deploy.From
}

func (s *Store) removeTree(dir string) error { return os.RemoveAll(dir) }
