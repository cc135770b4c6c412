package observe

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxStore bounds the file of counters, in bytes: 5,000 programs are some 2 MiB.
const maxStore = 64 << 20

// store keeps the counters in a file, so that they go on in the next observer. They are written before anybody is told: whoever kills the
// observer then sees no counter decrease.
type store struct {
	path string // "": they are kept in memory alone
	last []byte
}

// openStore gives a store in the folder, which is made where it isn't there, and what it holds. "": no file. Where there is an error, the store keeps
// nothing, and the counters begin with what the supervisors count.
func openStore(folder string) (store, map[string]*service, error) {
	services := map[string]*service{}
	if folder == "" {
		return store{}, services, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return store{}, services, err
	}
	path := filepath.Join(folder, "counters.json")
	data, err := safefile.ReadFile(path, maxStore)
	if errors.Is(err, fs.ErrNotExist) {
		return store{path: path}, services, nil
	}
	if err != nil {
		return store{}, services, err
	}
	kept := map[string]*service{}
	if json.Unmarshal(data, &kept) != nil {
		return store{path: path}, services, nil // a power cut may have left half of it
	}
	for name, s := range kept {
		if s != nil {
			services[name] = s.whole()
		}
	}
	return store{path: path}, services, nil
}

// whole leaves out what a damaged file may have: an entry that is null.
func (s *service) whole() *service {
	for name, p := range s.Programs {
		if p == nil {
			delete(s.Programs, name)
			continue
		}
		for kind, c := range p.By {
			if c == nil {
				delete(p.By, kind)
			}
		}
		for kind, c := range p.Probes {
			if c == nil {
				delete(p.Probes, kind)
			}
		}
	}
	if s.Falls != nil {
		for name, p := range s.Falls.Programs {
			if p == nil {
				delete(s.Falls.Programs, name)
			}
		}
	}
	return s
}

// write replaces the file. No power cut matters: after one, everything begins anew.
func (s *store) write(services map[string]*service) error {
	if s.path == "" {
		return nil
	}
	data, err := json.Marshal(services)
	if err != nil || string(data) == string(s.last) {
		return err
	}
	if err := safefile.Replace(s.path, data, 0o600, safefile.Private, safefile.Unsynced); err != nil {
		return err
	}
	s.last = data
	return nil
}
