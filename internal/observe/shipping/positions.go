package shipping

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/redact"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxPositions bounds the file of positions, in bytes: 100 bytes a program.
const maxPositions = 16 << 20

// place is how far a program's log was shipped.
type place struct {
	logread.Position // where the next record begins
	// Cut ends a record that was sent, maybe, before the lines that follow it and belong to it had come. It is kept before it is sent: whoever
	// sends it again must give it no other lines, for its name is the same.
	Cut *logread.Position `json:"cut,omitempty"`
	// Key is what was known there of a private key, whose other lines must not leave after a restart either.
	Key redact.Lines `json:"key,omitempty"`
}

// positions are kept in a file, that of one target.
type positions struct {
	path   string
	places map[string]place // by SERVICE/PROGRAM
	known  bool             // there was a file
}

// openPositions reads the file of the target in the folder. One that can't be read is an error: without it everything would be shipped again.
func openPositions(folder, target string) (*positions, error) {
	p := &positions{path: filepath.Join(folder, target+".json"), places: map[string]place{}}
	data, err := safefile.ReadFile(p.path, maxPositions)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &p.places)
	}
	if err != nil {
		return nil, fmt.Errorf("how far logs were shipped to %s isn't known: %s: %w (remove the file to ship everything again that is there)", target, p.path, err)
	}
	p.known = true
	return p, nil
}

// save replaces the file.
func (p *positions) save() error {
	data, err := json.Marshal(p.places)
	if err != nil {
		return err
	}
	return safefile.Replace(p.path, data, 0o600, safefile.Private)
}

func key(service, program string) string { return service + "/" + program }
