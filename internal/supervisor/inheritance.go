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

// inheritance is what a predecessor left, as the keeper gives it to every new supervisor.
type inheritance struct {
	hello   *wire.Hello
	parts   map[string][]byte // of the snapshot
	sockets []*wire.Listening
	runs    []inherited
}

// inUse reports whether a predecessor had begun.
func (in *inheritance) inUse() bool { return len(in.parts) > 0 || len(in.runs) > 0 }

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
func (in *inheritance) snapshot() (engine.Snapshot, serviceState) {
	var state serviceState
	if data := in.parts[keyService]; data != nil {
		if err := json.Unmarshal(data, &state); err != nil {
			state = serviceState{}
		}
	}
	snap := engine.Snapshot{Phase: state.Phase, Programs: map[string]*engine.Program{}}
	for key, data := range in.parts {
		if strings.HasPrefix(key, "#") {
			continue
		}
		var p engine.Program
		if json.Unmarshal(data, &p) == nil {
			snap.Programs[key] = &p
		}
	}
	return snap, state
}

// receiveInheritance receives what the predecessor left, up to the keeper's Welcome.
func receiveInheritance(link *wire.Link) (*inheritance, error) {
	in := &inheritance{parts: map[string][]byte{}}
	for {
		m, files, err := link.Receive()
		if err != nil {
			return nil, fmt.Errorf("the keeper's greeting: %w", err)
		}
		switch m := m.(type) {
		case *wire.Hello:
			in.hello = m
		case *wire.SnapshotPart:
			in.parts[m.Key] = m.Data
		case *wire.Listening:
			in.sockets = append(in.sockets, m)
		case *wire.KnownRun:
			in.runs = append(in.runs, inherited{KnownRun: *m, files: outputFiles(m.Streams, files)})
		case *wire.Welcome:
			if in.hello == nil {
				return nil, errors.New("the keeper's greeting has no beginning")
			}
			return in, nil
		}
	}
}
