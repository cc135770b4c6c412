// Package record keeps what install asked for, so that ensure and doctor can tell a registration that drifted. The record is a file in the
// service's configuration folder, which only administrators can write.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
	"github.com/daruma-sh/daruma/service/manager"
)

// Record is what install asked for, kept so that ensure --repair and doctor can tell a registration that drifted.
type Record struct {
	Spec       manager.Spec      `json:"spec"`
	Fallback   *manager.Fallback `json:"fallback,omitempty"`   // nil: none was registered
	Definition string            `json:"definition,omitempty"` // absolute path
	Written    string            `json:"written,omitempty"`    // SHA-256 of the definition as install wrote it, in hex; "": it didn't
}

// fileName lies in the service's Config folder, which only administrators can write: --repair runs as SYSTEM or root and does
// what the record says.
const fileName = "installed.json"

// maxSize bounds what is read, in bytes.
const maxSize = 1 << 20

// ErrNone: the service wasn't installed by `daruma install`, or its record was removed.
var ErrNone = errors.New("there is no record of its installation")

// Save replaces the record in folder as a whole, and syncs it. The folder must exist.
//
// A password isn't written.
func Save(folder string, r Record) error {
	r.Spec.Password = ""
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the record of the installation: %w", err)
	}
	if err := safefile.Replace(filepath.Join(folder, fileName), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the record of the installation: %w", err)
	}
	return nil
}

// Remove removes the record from folder; one that isn't there is no error.
func Remove(folder string) error {
	if err := os.Remove(filepath.Join(folder, fileName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the record of the installation: %w", err)
	}
	return nil
}

// Load reads what Save wrote. Errors: ErrNone; others where the file can't be read or isn't a record.
func Load(folder string) (Record, error) {
	path := filepath.Join(folder, fileName)
	text, err := safefile.ReadFile(path, maxSize)
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, fmt.Errorf("%s: %w", path, ErrNone)
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
