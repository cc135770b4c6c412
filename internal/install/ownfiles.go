package install

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// The files that daruma writes into a service's folders, as patterns of path.Match. A service's programs may write beside them, and so
// may people: a file that isn't listed here is theirs, and --purge alone doesn't remove it. A test compares the lists with what a
// service really leaves.
//
// The folder Run isn't listed: nothing in it has to survive a boot.
func configPatterns() []string {
	return []string{definition.DefaultFile, editedName + "????????T??????Z", "installed.json", "ensured.json", "wanted", filepath.Base(store.KeysFile(""))}
}

func statePatterns() []string {
	return []string{"incidents.jsonl", "incidents.jsonl.alive", "ensured", "wanted", "last-good-definition.json", "stopped-programs.json",
		"supervisor-????????T??????Z-*.txt", ".*.new-*"}
}

// configFolders are the folders in Config that daruma writes: what import nssm --replace saved, and the releases. conf is the machine's own.
func configFolders() []string { return []string{"nssm", store.Releases} }

// purger removes what daruma wrote, and notes what it leaves.
type purger struct {
	observer bool     // it is the observer's service, whose own files are daruma's, too
	programs []string // whose logs daruma wrote, as far as the incident record knows
	kept     []string // paths
}

func newPurger(place folders.Folders, name string) *purger {
	p := &purger{observer: name == readers.Observer, programs: []string{"daruma"}}
	if h, err := incident.Read(place.Incidents()); err == nil {
		for _, a := range h.Report(h.Last(0)) {
			p.programs = append(p.programs, a.Program)
		}
	}
	return p
}

// clear removes daruma's files from the folders of place, and the folders that are empty then.
func (p *purger) clear(place folders.Folders) error {
	logs, err := logfile.Scan(place.Logs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range []struct {
		folder string
		own    func(name string, isFolder bool) bool
	}{
		{place.Config, func(name string, isFolder bool) bool {
			return !isFolder && matches(configPatterns(), name) || isFolder && slices.Contains(configFolders(), name)
		}},
		{place.State, func(name string, isFolder bool) bool {
			return !isFolder && matches(statePatterns(), name) || isFolder && p.observer && name == folders.ObserverFolder
		}},
		{place.Logs, func(name string, isFolder bool) bool {
			return !isFolder && p.isLog(logs, name) || isFolder && name == logfile.CompressedFolder && p.clearCompressed(place.Logs)
		}},
	} {
		if err := p.clearFolder(f.folder, f.own); err != nil {
			return err
		}
	}
	return os.RemoveAll(place.Run)
}

func (p *purger) clearFolder(folder string, own func(name string, isFolder bool) bool) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	left := false
	for _, e := range entries {
		file := filepath.Join(folder, e.Name())
		if !e.IsDir() && !e.Type().IsRegular() || !own(e.Name(), e.IsDir()) { // a link is never daruma's
			left = true
			if !slices.ContainsFunc(p.kept, func(kept string) bool { return filepath.Dir(kept) == file }) { // what is in it was said
				p.kept = append(p.kept, file)
			}
			continue
		}
		if err := os.RemoveAll(file); err != nil {
			return err
		}
	}
	if left {
		return nil
	}
	return os.Remove(folder)
}

// clearCompressed removes daruma's files from the folder of compressed logs, and reports whether nothing is left in it. The account that
// owns the log folder may put a link in its place at any time, and who purges is root: so all goes through os.Root, which leaves no folder.
func (p *purger) clearCompressed(logs string) (empty bool) {
	root, err := os.OpenRoot(logs)
	if err != nil {
		return false
	}
	defer root.Close()
	folder, err := root.OpenRoot(logfile.CompressedFolder)
	if err != nil {
		return false
	}
	defer folder.Close()
	entries, err := fs.ReadDir(folder.FS(), ".")
	empty = err == nil
	for _, e := range entries {
		_, rotated, _ := logfile.ProgramOf(e.Name())
		if !rotated || !e.Type().IsRegular() || folder.Remove(e.Name()) != nil {
			p.kept, empty = append(p.kept, filepath.Join(logs, logfile.CompressedFolder, e.Name())), false
		}
	}
	return empty
}

// isLog reports whether name is a file of the logs that daruma wrote. A file PROGRAM.log alone may be a program's own: it counts where
// the program is known, by the incident record or by rotated files.
func (p *purger) isLog(logs map[string]*logfile.History, name string) bool {
	program, rotated, ok := logfile.ProgramOf(name)
	return ok && (rotated || slices.Contains(p.programs, program) || logs[program] != nil && len(logs[program].Files) > 0)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}
