package incident

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// EnsureNote says that `daruma ensure` started the service, which was down. Only the service's supervisor writes the record, so ensure
// leaves a note, which the supervisor takes when it starts.
type EnsureNote struct {
	Since    time.Time `json:"since"`    // since when the service was down, as far as the first attempt could know
	Kind     Kind      `json:"kind"`     // Keeper: its process died; Service: it wasn't started since the machine's boot
	At       time.Time `json:"at"`       // of the last attempt
	Cause    string    `json:"cause"`    // in words: what brought the service down
	Action   string    `json:"action"`   // in words: what was done
	Attempts int       `json:"attempts"` // from 1; those before didn't bring the service up
	Failed   bool      `json:"failed"`   // the last attempt didn't either, as far as is known
}

// ensureNoteFile lies in the service's Config folder, not in State: ensure runs as SYSTEM or root, which must not write where the
// service's account decides what a name means.
const ensureNoteFile = "ensured.json"

// maxEnsureNote bounds the note, in bytes.
const maxEnsureNote = 64 << 10

// WriteEnsureNote replaces the note in folder, which must exist.
func WriteEnsureNote(folder string, o EnsureNote) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	// The service's account must be able to read it.
	return safefile.Replace(filepath.Join(folder, ensureNoteFile), append(text, '\n'), 0o644, safefile.Unsynced)
}

// ReadEnsureNote gives the note in folder; ok is false where there is none.
func ReadEnsureNote(folder string) (o EnsureNote, ok bool) {
	text, err := safefile.ReadFile(filepath.Join(folder, ensureNoteFile), maxEnsureNote)
	if err != nil || json.Unmarshal(text, &o) != nil {
		return EnsureNote{}, false
	}
	return o, !o.At.IsZero()
}

// stampFile, in the service's State folder, names the last note that was taken.
const stampFile = "ensured"

// TakeEnsureNote gives the note in the folder config once: a stamp in the folder state says which was the last. ok is false where there
// is no new one.
func TakeEnsureNote(config, state string) (o EnsureNote, ok bool) {
	o, ok = ReadEnsureNote(config)
	if !ok || o.Taken(state) {
		return EnsureNote{}, false
	}
	if safefile.Replace(filepath.Join(state, stampFile), []byte(o.stamp()), 0o600) != nil {
		return EnsureNote{}, false // it would be taken again at every start
	}
	return o, true
}

func (o EnsureNote) stamp() string { return o.At.UTC().Format(time.RFC3339Nano) }

// Taken reports whether the service's supervisor took the note: it has started since. state is the service's State folder.
func (o EnsureNote) Taken(state string) bool {
	last, err := safefile.ReadFile(filepath.Join(state, stampFile), maxEnsureNote)
	return err == nil && string(last) == o.stamp()
}

// ForgetEnsureNote removes the note from folder; one that isn't there is no error.
func ForgetEnsureNote(folder string) error {
	if err := os.Remove(filepath.Join(folder, ensureNoteFile)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
