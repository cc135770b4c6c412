package supervisor

import (
	"encoding/json"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Keys of the snapshot that aren't programs' names (which have no #).
const (
	keyService    = "#meta"
	keyDefinition = "#definition"
)

// serviceState is the part of the snapshot that belongs to no program.
type serviceState struct {
	Phase     engine.Phase
	Ending    bool
	Failed    bool
	Reason    string
	StartedAt time.Time     // of the service, wall clock
	Started   time.Duration // the same, monotonic
	File      string        // of the definition
	Dir       string
	// DefinitionNote is what the service manager's status says of the definition on disk.
	DefinitionNote string

	StopWhy string // who asked for the stop that is under way
	Over    string // the service ends by itself, because of the programs that this names; see endWhenOver
	Restart bool   // by order: nobody but the service manager may be there to start the service again, see orderService

	ReplacedAt   time.Duration // monotonic: when the system's log was last told that the supervisor was replaced; 0: never
	ReplacedMore int           // how often it was replaced since, which that log wasn't told
}

// saveProgram gives the keeper one program's state, ahead of the messages that follow from it.
func (s *supervisor) saveProgram(name string) {
	p := s.engine.Program(name)
	if p == nil {
		s.link.Send(&wire.SnapshotPart{Key: name})
		return
	}
	data, err := json.Marshal(p)
	if err != nil {
		s.log.Error("snapshot", "program", name, "error", err)
		return
	}
	s.link.Send(&wire.SnapshotPart{Key: name, Data: data})
}

// saveServiceState gives the keeper the state of the service as a whole.
func (s *supervisor) saveServiceState() {
	m := s.state
	m.Phase = s.engine.Phase()
	if s.ending != nil {
		m.Ending, m.Failed, m.Reason = true, s.ending.failed, s.ending.reason
	}
	s.state = m
	if data, err := json.Marshal(m); err == nil {
		s.link.Send(&wire.SnapshotPart{Key: keyService, Data: data})
	}
}

// saveDefinition gives the keeper the definition in force, as it was read.
func (s *supervisor) saveDefinition(def *definition.Service) {
	s.link.Send(&wire.SnapshotPart{Key: keyDefinition, Data: def.Source})
}
