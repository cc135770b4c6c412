package takeover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
	"github.com/daruma-sh/daruma/service/manager"
)

// Step says what to do with a journal that is found.
type Step string

// The steps, in order. Each is on the disk before anything that it stands for is done.
const (
	Swapping Step = "swapping"  // from the first change until the new service is known to be ready: go back
	Swapped  Step = "swapped"   // the new one is ready and starts at boot; what belongs beside it may be missing: finish
	Done     Step = "done"      // replaced
	Back     Step = "goingBack" // on the way back: go on with it
	Undone   Step = "undone"    // as it was before
)

// Journal is one takeover.
type Journal struct {
	Service    string    `json:"service"`    // the other service manager's, as the system knows it
	Name       string    `json:"name"`       // daruma's
	InPlace    bool      `json:"inPlace"`    // both are one entry of the system
	Running    bool      `json:"running"`    // the old one ran, and is to run again after the way back
	Definition string    `json:"definition"` // absolute path
	Step       Step      `json:"step"`
	At         time.Time `json:"at"` // of this step
}

// Pending tells that a call was interrupted, and that the way back is what is left.
func (j Journal) Pending() bool { return j.Step == Swapping || j.Step == Back }

// Store is the folder of a takeover. Its files are for administrators alone: what is saved may hold secrets.
type Store struct{ Folder string }

const (
	journalFile = "journal.json"
	entryFile   = "saved.json"
	regFile     = "saved.reg"
	lockFile    = "lock"

	maxFile = 64 << 20 // bytes: a service's key in the registry has no bound of its own
)

// ErrBusy: another process has the lock.
var ErrBusy = errors.New("another daruma is at it")

// Lock makes the folder and keeps others out until release is called, or this process ends. Errors: ErrBusy.
func (s Store) Lock() (release func(), err error) {
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return nil, err
	}
	return lock(filepath.Join(s.Folder, lockFile))
}

// Saved is the path of the file that LoadEntry reads.
func (s Store) Saved() string { return filepath.Join(s.Folder, entryFile) }

// Load reads the journal; ok is false where there is none.
func (s Store) Load() (j Journal, ok bool, err error) {
	err = s.read(journalFile, &j)
	if errors.Is(err, fs.ErrNotExist) {
		return j, false, nil
	}
	return j, err == nil, err
}

// Note replaces the journal by j, with the time of now. When it returns, it is on the disk.
func (s Store) Note(j Journal) error {
	j.At = time.Now().UTC()
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	return s.replace(journalFile, append(text, '\n'))
}

// SaveEntry keeps e, and a .reg file of it for people.
func (s Store) SaveEntry(e manager.Entry) error {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := s.replace(regFile, e.Reg()); err != nil {
		return err
	}
	return s.replace(entryFile, append(text, '\n'))
}

// LoadEntry reads what SaveEntry kept.
func (s Store) LoadEntry() (manager.Entry, error) {
	var e manager.Entry
	return e, s.read(entryFile, &e)
}

func (s Store) read(name string, v any) error {
	path := filepath.Join(s.Folder, name)
	text, err := safefile.ReadFile(path, maxFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// replace writes a file as a whole or not at all.
func (s Store) replace(name string, data []byte) error {
	return safefile.Replace(filepath.Join(s.Folder, name), data, 0o600, safefile.Private)
}
