package ensure

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

// WantedState says whether the service is to run in this boot of the machine. It is the file "wanted" in the folders State (written by
// the service's own process) and Config (by install).
type WantedState struct {
	Wanted bool      `json:"wanted"`
	Why    string    `json:"why"`
	Boot   string    `json:"boot"` // name of the boot; "" where the system has none
	At     time.Time `json:"at"`
}

const wantedFile = "wanted"

// SaveWanted writes into folder, which must exist, whether the service is to run from now on. The file is replaced as a whole, and not
// synced: after a power cut it doesn't count any more.
func SaveWanted(folder string, wanted bool, why string) error {
	text, err := json.Marshal(WantedState{Wanted: wanted, Why: why, Boot: incident.Boot(), At: time.Now().Round(0)})
	if err != nil {
		return err
	}
	if err := safefile.Replace(filepath.Join(folder, wantedFile), append(text, '\n'), 0o644, safefile.Unsynced); err != nil {
		return fmt.Errorf("noting whether the service is wanted: %w", err)
	}
	return nil
}

// ForgetWanted removes the file from folder; one that isn't there is no error.
func ForgetWanted(folder string) error {
	if err := os.Remove(filepath.Join(folder, wantedFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting whether the service is wanted: %w", err)
	}
	return nil
}

// maxWanted bounds the file, in bytes: the service's account may write what it likes there, and SYSTEM or root reads it.
const maxWanted = 4096

// LoadWanted reads the later of the two files; ok is false where there is none of this boot, or none that can be read.
func LoadWanted(place folders.Folders) (w WantedState, ok bool) {
	for _, folder := range []string{place.Config, place.State} {
		if found, good := loadWanted(filepath.Join(folder, wantedFile)); good && (!ok || !found.At.Before(w.At)) {
			w, ok = found, true
		}
	}
	return w, ok
}

func loadWanted(path string) (w WantedState, ok bool) {
	text, err := safefile.ReadFile(path, maxWanted)
	if err != nil || json.Unmarshal(text, &w) != nil || w.At.IsZero() {
		return WantedState{}, false
	}
	w.Why = plaintext.Line(w.Why)
	return w, w.Boot == incident.Boot()
}
