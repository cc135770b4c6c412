// Package wanted keeps whether a service is to run in this boot of the machine, and how it last ended, for those who look at it from
// outside: daruma ensure, status and the orders. The service's own process writes it, and install.
package wanted

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// State says whether the service is to run in this boot of the machine. It is the file "wanted" in the folders State (written by
// the service's own processes) and Config (by install).
type State struct {
	Wanted bool      `json:"wanted"`
	Ended  bool      `json:"ended,omitempty"` // nobody stopped it: it ended by itself, as its programs did
	Why    string    `json:"why"`
	Boot   string    `json:"boot"` // name of the boot; "" where the system has none
	At     time.Time `json:"at"`
}

const fileName = "wanted"

// Save writes into folder, which must exist, whether the service is to run from now on. The file is replaced as a whole, and not
// synced: after a power cut it doesn't count any more.
func Save(folder string, wanted bool, why string) error {
	return save(folder, State{Wanted: wanted, Why: why})
}

// SaveEnded writes likewise that the service has ended by itself, and isn't to run for that.
func SaveEnded(folder, why string) error { return save(folder, State{Ended: true, Why: why}) }

func save(folder string, s State) error {
	s.Boot, s.At = incident.Boot(), time.Now().Round(0)
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := safefile.Replace(filepath.Join(folder, fileName), append(text, '\n'), 0o644, safefile.Unsynced); err != nil {
		return fmt.Errorf("noting whether the service is wanted: %w", err)
	}
	return nil
}

// Forget removes the file from folder; one that isn't there is no error.
func Forget(folder string) error {
	if err := os.Remove(filepath.Join(folder, fileName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting whether the service is wanted: %w", err)
	}
	return nil
}

// maxFile bounds the file, in bytes: the service's account may write what it likes there, and SYSTEM or root reads it.
const maxFile = 4096

// Load reads the later of the two files; ok is false where there is none of this boot, or none that can be read.
func Load(place folders.Folders) (w State, ok bool) {
	for _, folder := range []string{place.Config, place.State} {
		if found, good := loadFile(filepath.Join(folder, fileName)); good && (!ok || !found.At.Before(w.At)) {
			w, ok = found, true
		}
	}
	return w, ok
}

func loadFile(path string) (w State, ok bool) {
	text, err := safefile.ReadFile(path, maxFile)
	if err != nil || json.Unmarshal(text, &w) != nil || w.At.IsZero() {
		return State{}, false
	}
	w.Why = plaintext.Line(w.Why)
	return w, w.Boot == incident.Boot()
}
