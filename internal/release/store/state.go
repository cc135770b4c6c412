package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// State is what is known of a service's releases.
type State struct {
	Format   int       `json:"format"`            // 1
	Current  string    `json:"current,omitempty"` // the version that daruma.yaml names; "": none
	Deploy   *Deploy   `json:"deploy,omitempty"`  // that is under way, or was interrupted; nil: none
	Releases []Release `json:"releases"`          // in the order in which they were last deployed
}

// Deploy is one change of the current release.
type Deploy struct {
	Version string    `json:"version"`        // to which; "": of a rollback from no release, in the step Undoing
	From    string    `json:"from,omitempty"` // "": there was none
	Step    Step      `json:"step"`
	Began   time.Time `json:"began"`
	Why     string    `json:"why,omitempty"` // of an undo
	Was     *Release  `json:"was,omitempty"` // of a rollback: Version as it was noted before
	// By what the release is judged, for whoever settles a deploy that was cut off; 0: whoever settles it decides.
	MinReady         time.Duration `json:"minReadyNs,omitempty"`
	ProgressDeadline time.Duration `json:"progressDeadlineNs,omitempty"`
	HistoryLimit     int           `json:"revisionHistoryLimit,omitempty"` // how many releases stay when it is kept; 0: none is removed
}

// What names the change in words.
func (d *Deploy) What() string {
	if d.Version == "" {
		return "the rollback to " + d.From
	}
	return "the deploy of " + d.Version
}

// Step is how far a deploy has come. It is written down before the step begins.
type Step string

// The steps, in their order.
const (
	Unpacking Step = "unpacking" // into a folder of its own; the current release isn't touched
	BackingUp Step = "backingUp" // what the definition names is copied; the current release isn't touched
	Switching Step = "switching" // daruma.yaml may be the old one or the new one
	Soaking   Step = "soaking"   // the new one is in force, and hasn't been kept yet
	Undoing   Step = "undoing"   // daruma.yaml may be the new one or the old one, which comes back
)

// Status is what became of a release.
type Status string

// What becomes of releases.
const (
	New         Status = "new"         // unpacked, or being tried
	Kept        Status = "kept"        // it was ready, and soaked without incident
	Unproven    Status = "unproven"    // deployed while the service didn't run: nobody has seen it work
	Fallen      Status = "fallen"      // it was tried and went back: it isn't deployed again unless asked
	RolledBack  Status = "rolledBack"  // a person went back from it
	Interrupted Status = "interrupted" // its deploy was cut off, and undone
)

// Release is what is known of one release.
type Release struct {
	Version    string    `json:"version"`
	Status     Status    `json:"status"`
	Deployed   time.Time `json:"deployed"`             // when it was last put in force, or tried
	Manifest   string    `json:"manifest"`             // SHA-256 of its manifest
	SignedBy   string    `json:"signedBy,omitempty"`   // the key's id; "": it wasn't signed
	Size       int64     `json:"size"`                 // of its files, bytes
	Backup     int64     `json:"backup,omitempty"`     // size of the copy that was made before it was put in force; 0: none was
	Why        string    `json:"why,omitempty"`        // it fell or went back
	LastOutput []string  `json:"lastOutput,omitempty"` // of what fell, before its fall
}

// Find gives the release of this version, nil where none is known.
func (s *State) Find(version string) *Release {
	for i := range s.Releases {
		if s.Releases[i].Version == version {
			return &s.Releases[i]
		}
	}
	return nil
}

// Put notes r as the one that was deployed last.
func (s *State) Put(r Release) {
	s.Releases = slices.DeleteFunc(s.Releases, func(o Release) bool { return o.Version == r.Version })
	s.Releases = append(s.Releases, r)
}

// Earlier are the releases to go back to from the current one, the best first: those that were kept, the last deployed first, and then those
// that nobody has seen fall.
func (s *State) Earlier() (list []*Release) {
	for _, wanted := range []Status{Kept, Unproven} {
		for i := len(s.Releases) - 1; i >= 0; i-- {
			if r := &s.Releases[i]; r.Version != s.Current && r.Status == wanted {
				list = append(list, r)
			}
		}
	}
	return list
}

// maxState bounds the state file, in bytes.
const maxState = 8 << 20

func readState(path string) (*State, error) {
	text, err := safefile.ReadOwn(path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return &State{Format: 1}, nil
	}
	if err != nil {
		return nil, err
	}
	var s State
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s isn't what daruma wrote: %w", path, err)
	}
	return &s, s.check(path)
}

// check: the versions become paths.
func (s *State) check(path string) error {
	if s.Format != 1 {
		return fmt.Errorf("%s has the format %d, and this daruma knows format 1", path, s.Format)
	}
	versions := []string{}
	for _, r := range s.Releases {
		versions = append(versions, r.Version)
	}
	if s.Current != "" {
		versions = append(versions, s.Current)
	}
	if d := s.Deploy; d != nil {
		if d.Version != "" || d.Step != Undoing { // in any other step the folder of this name may be removed
			versions = append(versions, d.Version)
		}
		if d.From != "" {
			versions = append(versions, d.From)
		}
	}
	for _, v := range versions {
		if err := archive.CheckVersion(v); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (s *Store) statePath() string { return filepath.Join(s.releases(), "state.json") }

// Save writes the state, whole or not at all.
func (s *Store) Save() error {
	text, err := json.MarshalIndent(&s.State, "", " ")
	if err != nil {
		return err
	}
	s.reach("before the state")
	err = safefile.Replace(s.statePath(), append(text, '\n'), 0o644)
	s.reach("after the state")
	return err
}
