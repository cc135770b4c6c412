package service

import "sync"

// System is a service manager that may be there.
type System interface {
	// String is the system's name.
	String() string

	// Detect reports whether the system is there.
	Detect() bool

	// Interactive is false where this process was started by the system's service manager, true otherwise.
	Interactive() bool

	// New makes a service of this system.
	New(i Interface, c *Config) (Service, error)
}

// systems is what kardianos keeps in package variables, here behind a mutex: the choice belongs to the process by the
// contract of ChooseSystem, which has nobody to hand it to.
type systems struct {
	mu        sync.Mutex
	asked     bool // ChooseSystem was called, or the platform's systems were asked for
	available []System
	chosen    System
}

var process systems

// load detects the platform's systems when they are first needed, and not in an init function: it takes time, which a program that only
// prints its version needn't spend. The caller holds mu.
func (s *systems) load() {
	if !s.asked {
		s.choose(platformSystems())
	}
}

func (s *systems) choose(from []System) {
	s.asked, s.available, s.chosen = true, from, nil
	for _, system := range from {
		if system.Detect() {
			s.chosen = system
			return
		}
	}
}

// ChooseSystem makes the first of the given systems that is there the chosen one, and these the available ones; none is
// chosen where none is there. It changes what [New], [Interactive] and [Platform] do. A program that never calls it gets
// the platform's own. Tests use it to put a system of their own in place.
func ChooseSystem(a ...System) {
	process.mu.Lock()
	defer process.mu.Unlock()
	process.choose(a)
}

// ChosenSystem is the system that [New] uses, nil where there is none.
func ChosenSystem() System {
	process.mu.Lock()
	defer process.mu.Unlock()
	process.load()
	return process.chosen
}

// AvailableSystems are the systems among which one is chosen, in order.
func AvailableSystems() []System {
	process.mu.Lock()
	defer process.mu.Unlock()
	process.load()
	return process.available
}

// Platform is the name of the chosen system, "" where there is none. See [Service].Platform for the names.
func Platform() string {
	if system := ChosenSystem(); system != nil {
		return system.String()
	}
	return ""
}

// Interactive is false where this process was started by the service manager, true in a terminal, in a container and
// where there is no service manager.
func Interactive() bool {
	if system := ChosenSystem(); system != nil {
		return system.Interactive()
	}
	return true
}
