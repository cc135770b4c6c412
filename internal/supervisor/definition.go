package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/namedfiles"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
)

// takeDefinition takes the predecessor's definition, else the file's. Where that is refused a service that somebody hosts takes the
// last good one, for nobody is there to mend the file; daruma run has a person before it.
func (s *supervisor) takeDefinition(inherited *inheritance) error {
	bounds := s.bounds
	if s.hello.Hosted || inherited.parts[keyDefinition] != nil {
		bounds = launchplan.Bounds{} // what one program can't have keeps that one from starting, and not the others
	}
	def, err := firstDefinition(s.cfg, inherited, bounds)
	if err == nil && inherited.parts[keyDefinition] == nil {
		err = s.refuseUnsafe(def)
	}
	if err != nil && s.hello.Hosted {
		var loaded time.Time
		if def, loaded = s.lastGoodDefinition(); def != nil {
			s.refusal = &refusal{err: err, loaded: loaded}
			err = nil
		}
	}
	s.def = def
	s.guardPrograms()
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
	last, err := lastgood.Load(s.place.State, s.cfg.Service)
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
	s.noteDefinition(noteRefused)
	list, place := problems(s.refusal.err)
	instead := "the last good definition, loaded " + s.refusal.loaded.Format("2006-01-02 15:04:05") + ", runs instead; "
	s.events.PublishPlain(control.Event{Kind: control.EventDefinitionRefused, Reason: instead + countErrors(list)}, instead+place)
}

// addDefinition adds to a status how the file stands to def, the definition in force. It waits for a disk: the asker calls it.
func (s *supervisor) addDefinition(st *control.Status, def *definition.Service) {
	r := s.file.Compare(def, func(file string) (*definition.Service, error) { return s.readDefinition(file, def.Name) })
	st.Definition = r.State
	note := ""
	switch r.State {
	case control.DefinitionChanged:
		note = noteChanged
		st.Warnings = append(st.Warnings, control.DefinitionWarning+" was changed and isn't loaded; daruma reload "+def.Name+" takes it"+
			reloadWould(definition.Changed(def, r.New)))
	case control.DefinitionRefused, control.DefinitionUnreadable:
		note = noteRefused
		st.DefinitionErrors, _ = problems(r.Err)
		st.Warnings = append(st.Warnings, control.DefinitionWarning+" is refused and the last good one in force; "+countErrors(st.DefinitionErrors))
	}
	slices.Sort(st.Warnings)
	s.mailbox.Post(func() {
		if s.def == def { // else it was reloaded meanwhile
			s.noteDefinition(note)
		}
	})
}

// reloadWould says what a reload would do to programs that run; "": nothing.
func reloadWould(c definition.Changes) string {
	var parts []string
	for _, group := range []struct {
		what  string
		names []string
	}{{"stops ", c.Removed}, {"restarts ", c.Restarted}, {"updates as they run ", c.Updated}} {
		const most = 5
		names := group.names
		if n := len(names); n > most {
			names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", n-most))
		}
		if len(names) > 0 {
			parts = append(parts, group.what+strings.Join(names, ", "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, "; ")
}

// What the service manager's status says of the definition on disk. Everybody can read it: the errors, which may quote a secret, aren't in it.
const (
	noteChanged = "the definition on disk was changed and isn't loaded"
	noteRefused = "the definition on disk is refused, the last good one is in force"
)

// noteDefinition has the service manager's status say how the file of the definition is; "": as it should be.
func (s *supervisor) noteDefinition(note string) {
	if s.state.DefinitionNote != note {
		s.state.DefinitionNote, s.statusOutdated = note, true
		s.saveServiceState()
	}
}

// countErrors gives the first error, and how many there are.
func countErrors(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%d errors, the first: %s", len(list), list[0])
}

// firstDefinition gives the predecessor's definition, else the file's.
func firstDefinition(cfg Config, l *inheritance, bounds launchplan.Bounds) (*definition.Service, error) {
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
	if wrong := bounds.Refused(def); wrong != nil {
		return nil, wrong
	}
	return def, nil
}

// countOpenFiles warns where they are too few for the programs.
func (s *supervisor) countOpenFiles() { s.warn("open files", s.bounds.TooManyPrograms(s.def)) }

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

// readDefinition reads a file, and says whether the running service called name can take it. It may be called in any goroutine.
func (s *supervisor) readDefinition(file, name string) (*definition.Service, error) {
	def, err := definition.Load(file, environment)
	if err != nil {
		return nil, err
	}
	if def.Name != name {
		return nil, definition.Errors{{File: def.File, Pos: def.At("name"), Path: "name",
			Msg: fmt.Sprintf("is %s, but the running service is %s; a service can't be renamed while it runs", def.Name, name)}}
	}
	if wrong := s.bounds.Refused(def); wrong != nil {
		return nil, wrong
	}
	if err := s.unsafe(def); err != nil {
		return nil, err
	}
	return def, nil
}

// problems gives the errors one by one, and a short text that says where they are.
func problems(err error) (list []string, place string) {
	if unsafe := (*namedfiles.UnsafeError)(nil); errors.As(err, &unsafe) {
		return unsafe.Lines(), strings.Join(unsafe.Lines(), "; ")
	}
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
