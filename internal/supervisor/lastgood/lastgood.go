// Package lastgood keeps the definition that a service last ran with, so that a service whose definition is refused at its next start
// runs all the same.
//
// The file lies beside the service's state and is readable by its owner alone: a definition may hold secrets. What it says is
// executed, so one that another account than ours or root owns, or could put in its place, is refused.
package lastgood

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// FileName is that of the stored definition, in the service's state folder.
const FileName = "last-good-definition.json"

// maxFile is the size in bytes of the stored file: JSON writes some characters as six.
const maxFile = 6*definition.MaxSize + 1<<16

// Definition is a definition that was in force.
type Definition struct {
	File   string    `json:"file"` // where it came from, absolute: relative paths begin in its folder
	Loaded time.Time `json:"loaded"`
	Source string    `json:"source"` // as it was read: variables aren't expanded
}

// Load reads what a [Store] wrote into the state folder of a service. Errors: fs.ErrNotExist where nothing was ever written;
// [safefile.ErrRefused] where something else has the name, or an account whose commands we mustn't run owns it;
// *[access.ExposedError] where somebody else could have put it there.
func Load(folder, service string) (Definition, error) {
	path := filepath.Join(folder, FileName)
	data, err := safefile.ReadOwn(path, maxFile)
	if err != nil {
		return Definition{}, err
	}
	var exposed *access.ExposedError
	if err := access.ExposedToOthers(path, service); errors.As(err, &exposed) {
		return Definition{}, err
	}
	var d Definition
	if err := json.Unmarshal(data, &d); err != nil {
		return Definition{}, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Store writes definitions in a goroutine of its own: a slow disk must not hold up programs.
type Store struct {
	folder, service string
	failed          func(error)

	mu      sync.Mutex
	next    *Definition // to be written
	writing bool
	writers sync.WaitGroup
}

// NewStore makes a store in the state folder of a service. failed is called in another goroutine with the error of each write that failed, and with
// nil after one that succeeded.
func NewStore(folder, service string, failed func(error)) *Store {
	return &Store{folder: folder, service: service, failed: failed}
}

// Save stores the definition that is in force from now on. It doesn't wait; where several are saved at once the last one counts.
func (s *Store) Save(def *definition.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = &Definition{File: def.File, Loaded: time.Now(), Source: string(def.Source)}
	if !s.writing {
		s.writing = true
		s.writers.Go(s.write)
	}
}

// write writes until there is nothing to write.
func (s *Store) write() {
	for {
		s.mu.Lock()
		d := s.next
		s.next = nil
		s.writing = d != nil
		s.mu.Unlock()
		if d == nil {
			return
		}
		s.failed(s.replace(*d))
	}
}

func (s *Store) replace(d Definition) error {
	if have, err := Load(s.folder, s.service); err == nil && have.File == d.File && have.Source == d.Source {
		return nil
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return safefile.Replace(filepath.Join(s.folder, FileName), data, 0o600, safefile.Private)
}

// Close waits until everything is written, for d at most.
func (s *Store) Close(d time.Duration) {
	done := make(chan struct{})
	go func() {
		s.writers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(d):
	}
}
