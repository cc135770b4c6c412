package service

import (
	"errors"
	"strings"
	"testing"
)

// fake is a system, and a service that keeps the verbs it was given.
type fake struct {
	Service
	there bool
	verbs []string
	err   error
}

func (f *fake) String() string                          { return "fake" }
func (f *fake) Detect() bool                            { return f.there }
func (f *fake) Interactive() bool                       { return false }
func (f *fake) New(Interface, *Config) (Service, error) { return f, nil }

func (f *fake) verb(name string) error {
	f.verbs = append(f.verbs, name)
	return f.err
}

func (f *fake) Start() error     { return f.verb("start") }
func (f *fake) Stop() error      { return f.verb("stop") }
func (f *fake) Restart() error   { return f.verb("restart") }
func (f *fake) Install() error   { return f.verb("install") }
func (f *fake) Uninstall() error { return f.verb("uninstall") }

func TestChooseSystem(t *testing.T) {
	own := AvailableSystems()
	if chosen := ChosenSystem(); chosen == nil || len(own) == 0 || Platform() != chosen.String() {
		t.Errorf("the platform's own: %v of %v, %q", chosen, own, Platform())
	}
	defer ChooseSystem(own...)
	absent, present := &fake{}, &fake{there: true}
	ChooseSystem(absent, present)
	if ChosenSystem() != System(present) || len(AvailableSystems()) != 2 || Platform() != "fake" || Interactive() {
		t.Errorf("chosen %v of %v, %q, interactive %v", ChosenSystem(), AvailableSystems(), Platform(), Interactive())
	}
	if s, err := New(nil, &Config{Name: "x"}); s != Service(present) || err != nil {
		t.Errorf("New: %v, %v", s, err)
	}
	ChooseSystem(absent)
	if ChosenSystem() != nil || Platform() != "" || !Interactive() {
		t.Errorf("none there: chosen %v, %q, interactive %v", ChosenSystem(), Platform(), Interactive())
	}
	if _, err := New(nil, &Config{Name: "x"}); err != ErrNoServiceSystemDetected {
		t.Errorf("New without a system: %v", err)
	}
}

func TestNewNeedsAName(t *testing.T) {
	for _, c := range []*Config{nil, {}} {
		if _, err := New(nil, c); err != ErrNameFieldRequired {
			t.Errorf("New(nil, %v): %v", c, err)
		}
		if _, err := ChosenSystem().New(nil, c); err != ErrNameFieldRequired {
			t.Errorf("System.New(nil, %v): %v", c, err)
		}
	}
}

func TestControl(t *testing.T) {
	f := &fake{}
	for _, action := range ControlAction {
		if err := Control(f, action); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(f.verbs, " "); got != "start stop restart install uninstall" {
		t.Errorf("verbs %q", got)
	}
	f.err = ErrNotInstalled
	if err := Control(f, "stop"); !errors.Is(err, ErrNotInstalled) || err.Error() != "Failed to stop fake: the service is not installed" {
		t.Errorf("Control: %v", err)
	}
	if err := Control(f, "dance"); err == nil || !strings.Contains(err.Error(), "Unknown action dance") {
		t.Errorf("Control: %v", err)
	}
}

func TestRunWithoutAProgram(t *testing.T) {
	s, err := New(nil, &Config{Name: "x", DisplayName: "A name"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(); err == nil || !strings.Contains(err.Error(), "Interface is nil") {
		t.Errorf("Run: %v", err)
	}
	if s.String() != "A name" || s.Platform() != Platform() {
		t.Errorf("String %q, Platform %q", s, s.Platform())
	}
}
