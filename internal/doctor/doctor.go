// Package doctor looks over the installation of a service: whether it will come back after a boot, a crash and a mistake, and
// whether somebody else could put a program of his own in its place.
//
// What it promises: it changes nothing; every finding that isn't fine says what to do; a check that can't be made says why. What
// it leaves to others: the rules themselves, which install goes by too (access, service/manager, systemlog), and how the service's
// programs are (status).
package doctor

import (
	"context"
	"fmt"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// Level is how serious a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // works, but not as well as it could
	Fail Level = "fail" // doesn't work, or isn't safe
	Skip Level = "skip" // couldn't be looked at, or there is nothing to look at
)

// Finding is what one check found.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`             // what was found, in a sentence
	Remedy string `json:"remedy,omitempty"` // what to do
}

// Manager is what doctor asks of the service manager: manager.Manager. None of it changes anything.
type Manager interface {
	Status(ctx context.Context, name string) (manager.Status, error)
	Registration(ctx context.Context, name string) (manager.Registration, error)
	Plan(ctx context.Context, spec manager.Spec) (manager.Changes, error)
	HasTask(ctx context.Context, name string) (bool, error)
	MissingDependencies(ctx context.Context, names []string) ([]string, error)
	PlanTask(ctx context.Context, f manager.Fallback) (manager.Changes, error)
}

// subject is the service that is examined. What doesn't exist is nil or empty: each check says itself what it can't do then.
type subject struct {
	name       string
	services   Manager
	place      folders.Folders
	registered *manager.Registration
	record     *record.Record
	recordErr  error
	executable string // as it is registered
	definition string // the file that the service reads
	findings   []Finding
	check      string // that runs now

	asked     bool // the supervisor, see status
	answer    control.Status
	answerErr error
}

func (s *subject) add(level Level, text, remedy string) {
	s.findings = append(s.findings, Finding{Check: s.check, Level: level, Text: text, Remedy: remedy})
}

func (s *subject) ok(format string, args ...any)   { s.add(OK, fmt.Sprintf(format, args...), "") }
func (s *subject) skip(format string, args ...any) { s.add(Skip, fmt.Sprintf(format, args...), "") }

// check is one of the things that are looked at.
type check struct {
	name      string
	installed bool // it is about a service that is installed, and left out where there is none
	run       func(context.Context, *subject)
}

// checks are made in this order.
func checks() []check {
	return []check{
		{"service", false, checkService},          // it is there, and runs
		{"command", true, checkCommand},           // what it runs, quoted, and there
		{"definition", true, checkDefinition},     // it is right
		{"warnings", false, checkWarnings},        // what the running supervisor says is wrong
		{"access", true, checkAccess},             // who else may write to it
		{"registration", true, checkRegistration}, // as it was installed
		{"confinement", true, checkConfinement},   // what its supervisor gives up
		{"recovery", true, checkRecovery},         // the service manager starts it again
		{"event source", true, checkEventSource},  // events have their texts
		{"fallback", true, checkFallback},         // the task or timer
		{"fast startup", false, checkFastStartup}, // shutting down isn't what it seems
		{"unit", true, checkUnit},                 // systemd's view of its files
	}
}

// Run looks over the service called name. The error is for a name or a system that can't have services; what is wrong with the
// service is in the findings.
func Run(ctx context.Context, m Manager, name string) ([]Finding, error) {
	place, err := folders.Seen(name)
	if err != nil {
		return nil, err
	}
	if err := manager.CheckName(name); err != nil {
		return nil, err
	}
	s := &subject{name: name, services: m, place: place}
	s.read(ctx)
	for _, c := range checks() {
		if c.installed && s.registered == nil {
			continue
		}
		s.check = c.name
		c.run(ctx, s)
	}
	return s.findings, nil
}

// read reads what several checks need.
func (s *subject) read(ctx context.Context) {
	record, err := record.Load(s.place.Config)
	if s.recordErr = err; err == nil {
		s.record = &record
		s.definition = record.Definition
	}
	registered, err := s.services.Registration(ctx, s.name)
	if err != nil {
		return
	}
	s.registered = &registered
	if len(registered.Words) > 0 {
		s.executable = registered.Words[0]
	}
	if s.definition == "" {
		s.definition = hosting.Definition(registered.Words)
	}
}

// Failed tells whether one of the findings is a failure.
func Failed(list []Finding) bool {
	for _, f := range list {
		if f.Level == Fail {
			return true
		}
	}
	return false
}
