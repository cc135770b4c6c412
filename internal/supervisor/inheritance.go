package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// legacy is what a predecessor left.
type legacy struct {
	hello   *wire.Hello
	kept    map[string][]byte
	sockets []*wire.Listening
	runs    []inherited
}

// inUse says that a predecessor had begun.
func (l *legacy) inUse() bool { return len(l.kept) > 0 || len(l.runs) > 0 }

// inherited is a run that a predecessor had started, with the read ends of its output.
type inherited struct {
	wire.KnownRun
	files []outputFile
}

func (r *inherited) osFiles() []*os.File {
	var list []*os.File
	for _, f := range r.files {
		list = append(list, f.file)
	}
	return list
}

// snapshot decodes the programs' states. What can't be decoded (another version's) is left out: the keeper's runs
// are then adopted as they are.
func (l *legacy) snapshot() (engine.Snapshot, meta) {
	var m meta
	if data := l.kept[keyMeta]; data != nil {
		if err := json.Unmarshal(data, &m); err != nil {
			m = meta{}
		}
	}
	snap := engine.Snapshot{Phase: m.Phase, Programs: map[string]*engine.Program{}}
	for key, data := range l.kept {
		if strings.HasPrefix(key, "#") {
			continue
		}
		var p engine.Program
		if json.Unmarshal(data, &p) == nil {
			snap.Programs[key] = &p
		}
	}
	return snap, m
}

// greeting hears what the predecessor left, up to the keeper's Welcome.
func greeting(link *wire.Link) (*legacy, error) {
	l := &legacy{kept: map[string][]byte{}}
	for {
		m, files, err := link.Receive()
		if err != nil {
			return nil, fmt.Errorf("the keeper's greeting: %w", err)
		}
		switch m := m.(type) {
		case *wire.Hello:
			l.hello = m
		case *wire.SnapshotPart:
			l.kept[m.Key] = m.Data
		case *wire.Listening:
			l.sockets = append(l.sockets, m)
		case *wire.KnownRun:
			l.runs = append(l.runs, inherited{KnownRun: *m, files: outputFiles(m.Streams, files)})
		case *wire.Welcome:
			if l.hello == nil {
				return nil, errors.New("the keeper's greeting has no beginning")
			}
			return l, nil
		}
	}
}
