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

// Wish is the note "wanted" in the folders State (written by the service's own process) and Config (by install): whether the service is to run in this boot of the machine.
type Wish struct {
	Wanted bool      `json:"wanted"`
	Why    string    `json:"why"`
	Boot   string    `json:"boot"` // name of the boot; "" where the system has none
	At     time.Time `json:"at"`
}

const wishFile = "wanted"

// Want notes in folder, which must exist, whether the service is to run from now on. The file is replaced as a whole, and not
// synced: after a power cut it counts no more.
func Want(folder string, wanted bool, why string) error {
	text, err := json.Marshal(Wish{Wanted: wanted, Why: why, Boot: incident.Boot(), At: time.Now().Round(0)})
	if err != nil {
		return err
	}
	if err := safefile.Replace(filepath.Join(folder, wishFile), append(text, '\n'), 0o644, safefile.Unsynced); err != nil {
		return fmt.Errorf("noting whether the service is wanted: %w", err)
	}
	return nil
}

// Forget removes the note from folder; one that isn't there is no error.
func Forget(folder string) error {
	if err := os.Remove(filepath.Join(folder, wishFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting whether the service is wanted: %w", err)
	}
	return nil
}

// maxWish bounds the note: the service's account may write what it likes there, and SYSTEM or root reads it.
const maxWish = 4096

// LoadWish reads the later of the two notes; ok is false where there is none of this boot, or none that can be read.
func LoadWish(place folders.Folders) (w Wish, ok bool) {
	for _, folder := range []string{place.Config, place.State} {
		if found, good := loadWish(filepath.Join(folder, wishFile)); good && (!ok || !found.At.Before(w.At)) {
			w, ok = found, true
		}
	}
	return w, ok
}

func loadWish(path string) (w Wish, ok bool) {
	text, err := safefile.ReadFile(path, maxWish)
	if err != nil || json.Unmarshal(text, &w) != nil || w.At.IsZero() {
		return Wish{}, false
	}
	w.Why = plaintext.Line(w.Why)
	return w, w.Boot == incident.Boot()
}
