package service

import (
	"context"
	"errors"

	"github.com/daruma-sh/daruma/service/internal/verbs"
	"github.com/daruma-sh/daruma/service/manager"
)

// Install makes this executable a service of the system, by s and its InstallOptions, or changes in place what differs. It lists what it did.
// The service isn't started, and one that runs keeps its old settings until it is restarted.
//
// It is for programs with a command line of their own; the verb install of [Main] does the same. The service's command line is the
// executable with InstallOptions.Arguments alone, and by those the program must get to [Run]:
//
//	service.InstallOptions{Arguments: []string{"serve", "--config", path}} // what a person would type in a terminal
//
// Errors: those of [manager.Manager.Install]; errors.Is tells them apart. Only administrators and root may.
func Install(ctx context.Context, s Service) (manager.Changes, error) {
	spec, err := s.ownSpec()
	if err != nil {
		return manager.Changes{}, err
	}
	return s.manager().Install(ctx, spec)
}

// Uninstall stops the service, waits for its end, and removes what Install made. Of s, the name counts, StopTimeout and
// InstallOptions.Overwrite. Errors: those of [manager.Manager.Uninstall].
func Uninstall(ctx context.Context, s Service) (manager.Changes, error) {
	ctx, cancel := verbs.Within(ctx, s.withDefaults().StopTimeout)
	defer cancel()
	return s.manager().Uninstall(ctx, s.Name)
}

// Start starts the installed service and waits until it is ready, for half a minute longer than StartTimeout where ctx has no deadline. A
// service that runs is no error. Errors: those of [manager.Manager.Start].
func Start(ctx context.Context, s Service) error {
	ctx, cancel := verbs.Within(ctx, s.withDefaults().StartTimeout)
	defer cancel()
	return s.manager().Start(ctx, s.Name)
}

// Stop stops the service and waits for its end, for half a minute longer than StopTimeout where ctx has no deadline. A service that doesn't run
// is no error. Errors: those of [manager.Manager.Stop].
func Stop(ctx context.Context, s Service) error {
	ctx, cancel := verbs.Within(ctx, s.withDefaults().StopTimeout)
	defer cancel()
	return s.manager().Stop(ctx, s.Name)
}

// Restart stops the service where it runs, starts it and waits until it is ready, as long as Stop and Start do together. Errors: those of
// [manager.Manager.Restart].
func Restart(ctx context.Context, s Service) error {
	s = s.withDefaults()
	ctx, cancel := verbs.Within(ctx, s.StopTimeout+s.StartTimeout)
	defer cancel()
	return s.manager().Restart(ctx, s.Name)
}

// Status is how the service is. One that isn't installed has the state manager.NotInstalled, which is no error here. Everybody may ask.
func Status(ctx context.Context, s Service) (manager.Status, error) {
	status, err := s.manager().Status(ctx, s.Name)
	if errors.Is(err, manager.ErrNotInstalled) {
		return manager.Status{Name: s.Name, State: manager.NotInstalled}, nil
	}
	return status, err
}

func (s Service) manager() manager.Manager { return manager.Manager{Overwrite: s.Install.Overwrite} }

// ownSpec is what Install installs: a program with a command line of its own knows no role.
func (s Service) ownSpec() (manager.Spec, error) {
	if err := s.check(); err != nil {
		return manager.Spec{}, err
	}
	spec := s.spec()
	spec.Arguments = s.Install.Arguments
	var err error
	spec.Executable, err = verbs.Executable()
	return spec, err
}
