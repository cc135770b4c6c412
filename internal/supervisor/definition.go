package supervisor

import (
	"errors"
	"fmt"
	"os"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
)

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
		return nil, fmt.Errorf("%s: the service is called %s now, it was %s a moment ago", cfg.File, def.Name, cfg.Service)
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
	if !errors.As(err, &wrong) {
		return []string{err.Error()}, err.Error()
	}
	for _, e := range wrong {
		list = append(list, e.Error())
	}
	return list, events.Places(wrong)
}

// environment looks up daruma's own environment.
func environment(name string) (string, bool) { return os.LookupEnv(name) }
