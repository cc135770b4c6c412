package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
)

// takeDefinition takes the predecessor's definition, else the file's. Where that is refused a service that somebody hosts takes the
// last good one, for nobody is there to mend the file; daruma run has a person before it.
func (s *supervisor) takeDefinition(inherited *inheritance) error {
	def, err := firstDefinition(s.cfg, inherited)
	if err != nil && s.hello.Hosted {
		var loaded time.Time
		if def, loaded = s.lastGoodDefinition(); def != nil {
			s.refusal = &refusal{err: err, loaded: loaded}
			err = nil
		}
	}
	s.def = def
	return err
}

// refusal is a definition that was refused at the start.
type refusal struct {
	err    error
	loaded time.Time // the last good definition, which runs instead
}

// lastGoodDefinition gives the definition that was last in force, and when it was loaded; nil where there is none, or it can't be taken.
func (s *supervisor) lastGoodDefinition() (*definition.Service, time.Time) {
	file, err := filepath.Abs(s.cfg.File)
	if err != nil {
		return nil, time.Time{}
	}
	last, err := lastgood.Load(s.place.State)
	if err != nil || last.File != file { // else it is that of another installation by this name
		return nil, time.Time{}
	}
	def, err := definition.Parse([]byte(last.Source), last.File, environment)
	if err != nil || def.Name != s.cfg.Service || launchplan.Unenforceable(def) != nil {
		return nil, time.Time{}
	}
	return def, last.Loaded
}

// publishRefusal publishes that the definition was refused at the start.
func (s *supervisor) publishRefusal() {
	if s.refusal == nil {
		return
	}
	list, place := problems(s.refusal.err)
	instead := "the last good definition, loaded " + s.refusal.loaded.Format("2006-01-02 15:04:05") + ", runs instead; "
	s.events.PublishPlain(control.Event{Kind: control.EventDefinitionRefused, Reason: instead + countErrors(list)}, instead+place)
}

// countErrors gives the first error, and how many there are.
func countErrors(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%d errors, the first: %s", len(list), list[0])
}

// firstDefinition gives the predecessor's definition, else the file's.
func firstDefinition(cfg Config, l *inheritance) (*definition.Service, error) {
	var def *definition.Service
	var err error
	if src := l.parts[keyDefinition]; src != nil {
		def, err = definition.Parse(src, cfg.File, environment)
	} else {
		def, err = definition.Load(cfg.File, environment)
	}
	if err != nil {
		return nil, err
	}
	if def.Name != cfg.Service {
		return nil, fmt.Errorf("%s: the service is called %s now, and runs as %s: change the name back, or install it anew", cfg.File, def.Name, cfg.Service)
	}
	if wrong := launchplan.Unenforceable(def); wrong != nil {
		return nil, wrong
	}
	return def, nil
}

// whyRefused tells a definition that can't be read, which may be mounted a moment later, from one that is wrong.
func whyRefused(file string) exitcode.Code {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() { // to open a pipe would wait for its writer
		var f *os.File
		if f, err = os.Open(file); err == nil {
			f.Close()
		}
	}
	if err != nil {
		return exitcode.Unreadable
	}
	return exitcode.Refused
}

func (s *supervisor) readDefinition() (*definition.Service, error) {
	def, err := definition.Load(s.state.File, environment)
	if err != nil {
		return nil, err
	}
	if def.Name != s.def.Name {
		return nil, definition.Errors{{File: def.File, Pos: def.At("name"), Path: "name",
			Msg: fmt.Sprintf("is %s, but the running service is %s; a service can't be renamed while it runs", def.Name, s.def.Name)}}
	}
	if wrong := launchplan.Unenforceable(def); wrong != nil {
		return nil, wrong
	}
	return def, nil
}

// problems gives the errors one by one, and a short text that says where they are.
func problems(err error) (list []string, place string) {
	var wrong definition.Errors
	if !errors.As(err, &wrong) || len(wrong) == 0 {
		return []string{err.Error()}, err.Error()
	}
	for _, e := range wrong {
		list = append(list, e.Error())
	}
	return list, events.Places(wrong)
}

// environment looks up daruma's own environment.
func environment(name string) (string, bool) { return os.LookupEnv(name) }
