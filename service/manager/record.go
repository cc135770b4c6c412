package manager

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Record is what install asked for, kept so that ensure --repair and doctor can tell a registration that drifted.
type Record struct {
	Spec       Spec      `json:"spec"`
	Fallback   *Fallback `json:"fallback,omitempty"`   // nil: none was registered
	Definition string    `json:"definition,omitempty"` // absolute path
}

// recordFile lies in the service's Config folder, which only administrators can write: --repair runs as SYSTEM or root and does
// what the record says.
const recordFile = "installed.json"

// ErrNoRecord: the service wasn't installed by `daruma install`, or its record was removed.
var ErrNoRecord = errors.New("there is no record of its installation")

// SaveRecord replaces the record in folder as a whole, and syncs it. The folder must exist.
//
// A password isn't written.
func SaveRecord(folder string, r Record) error {
	r.Spec.Password = ""
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the record of the installation: %w", err)
	}
	file, err := os.CreateTemp(folder, "."+recordFile+"-*")
	if err != nil {
		return fmt.Errorf("writing the record of the installation: %w", err)
	}
	defer os.Remove(file.Name()) // fails once it is renamed
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), filepath.Join(folder, recordFile))
	}
	if err != nil {
		return fmt.Errorf("writing the record of the installation: %w", err)
	}
	return nil
}

// RemoveRecord removes the record from folder; one that isn't there is no error.
func RemoveRecord(folder string) error {
	if err := os.Remove(filepath.Join(folder, recordFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the record of the installation: %w", err)
	}
	return nil
}

// LoadRecord reads what SaveRecord wrote. Errors: ErrNoRecord; others where the file can't be read or isn't a record.
func LoadRecord(folder string) (Record, error) {
	path := filepath.Join(folder, recordFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, fmt.Errorf("%s: %w", path, ErrNoRecord)
	} else if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("%s: %w", path, err)
	}
	r.Spec.Password = "" // where one would stand it says that it is hidden
	return r, nil
}
