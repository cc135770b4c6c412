// Package stopped keeps which programs of a service were stopped by order, so that they stay stopped when the service manager starts the
// service again after a fall.
//
// What it says counts until the service is stopped in order, or the machine is booted: either is followed by a start of everything.
package stopped

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// fileName is that of the list, in the service's state folder.
const fileName = "stopped-programs.json"

// maxFile is the size in bytes of the list: some thousand names.
const maxFile = 1 << 20

type list struct {
	Boot     string   `json:"boot"` // see incident.Boot
	Programs []string `json:"programs"`
}

// Save writes which programs are stopped by order, into a state folder; none removes the list. It isn't synced: after a power cut it
// doesn't count any more.
func Save(folder string, programs []string) error {
	path := filepath.Join(folder, fileName)
	if len(programs) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forgetting which programs were stopped by order: %w", err)
		}
		return nil
	}
	data, err := json.Marshal(list{incident.Boot(), programs})
	if err == nil {
		err = safefile.Replace(path, append(data, '\n'), 0o600, safefile.Unsynced)
	}
	if err != nil {
		return fmt.Errorf("noting which programs are stopped by order: %w", err)
	}
	return nil
}

// Load gives the programs that are stopped by order in this boot; none where nothing can be read.
func Load(folder string) []string {
	data, err := safefile.ReadFile(filepath.Join(folder, fileName), maxFile)
	var l list
	if err != nil || json.Unmarshal(data, &l) != nil || l.Boot != incident.Boot() {
		return nil
	}
	return l.Programs
}
