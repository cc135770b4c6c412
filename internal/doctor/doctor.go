// Package doctor looks over the installation of a service: whether it will come back after a boot, a crash and a mistake, and
// whether somebody else could put a program of his own in its place.
//
// What it promises: it changes nothing; every finding that isn't fine says what to do; a check that can't be made says why. What
// it leaves to others: the rules themselves, which install goes by too (host), and how the service's programs are (status).
package doctor

import (
	"context"
	"fmt"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// Level is how a finding stands.
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

// subject is the service that is looked over. What doesn't exist is nil or empty: each check says itself what it can't do then.
type subject struct {
	name       string
	services   manager.Manager
	place      folders.Folders
	status     *manager.Status
	registered *manager.Registration
	record     *record.Record
	recordErr  error
	executable string // as it is registered
	definition string // the file that the service reads
	findings   []Finding
	check      string // that runs now
}

func (s *subject) add(level Level, text, remedy string) {
	s.findings = append(s.findings, Finding{Check: s.check, Level: level, Text: text, Remedy: remedy})
}

func (s *subject) ok(format string, args ...any)   { s.add(OK, fmt.Sprintf(format, args...), "") }
func (s *subject) skip(format string, args ...any) { s.add(Skip, fmt.Sprintf(format, args...), "") }

// checks are all that is looked at, in this order. needs says that a check is about an installed service only.
func checks() []struct {
	name  string
	needs bool
	run   func(context.Context, *subject)
} {
	return []struct {
		name  string
		needs bool
		run   func(context.Context, *subject)
	}{
		{"service", false, service},          // it is there, and how it is
		{"command", true, command},           // what it runs, quoted, and there
		{"definition", true, definitionFile}, // it is right
		{"access", true, permissions},        // who else may write to it
		{"registration", true, drift},        // as it was installed
		{"recovery", true, recovery},         // the service manager starts it again
		{"event source", true, eventSource},  // events have their words
		{"fallback", true, fallback},         // the task or timer
		{"fast startup", false, fastStartup}, // shutting down isn't what it seems
		{"unit", true, unit},                 // systemd's view of its files
	}
}

// Run looks over the service called name. The error is for a name or a system that can't have services; what is wrong with the
// service is in the findings.
func Run(ctx context.Context, m manager.Manager, name string) ([]Finding, error) {
	place, err := folders.Of(name)
	if err != nil {
		return nil, err
	}
	if err := manager.CheckName(name); err != nil {
		return nil, err
	}
	s := &subject{name: name, services: m, place: place}
	s.look(ctx)
	for _, c := range checks() {
		if c.needs && s.registered == nil {
			continue
		}
		s.check = c.name
		c.run(ctx, s)
	}
	return s.findings, nil
}

// look gathers what several checks need.
func (s *subject) look(ctx context.Context) {
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
