// Package service gives dependencies that import github.com/kardianos/service daruma's drop-in under that path: docs/moving.md says how.
package service

import "github.com/daruma-sh/daruma/service/kardianos"

// The types.
type (
	Config     = service.Config
	Interface  = service.Interface
	KeyValue   = service.KeyValue
	Logger     = service.Logger
	Service    = service.Service
	Shutdowner = service.Shutdowner
	Status     = service.Status
	System     = service.System
)

// The constants.
const (
	StartType             = service.StartType
	ServiceStartManual    = service.ServiceStartManual
	ServiceStartDisabled  = service.ServiceStartDisabled
	ServiceStartAutomatic = service.ServiceStartAutomatic

	OnFailure              = service.OnFailure
	OnFailureRestart       = service.OnFailureRestart
	OnFailureReboot        = service.OnFailureReboot
	OnFailureNoAction      = service.OnFailureNoAction
	OnFailureDelayDuration = service.OnFailureDelayDuration
	OnFailureResetPeriod   = service.OnFailureResetPeriod

	StatusUnknown = service.StatusUnknown
	StatusRunning = service.StatusRunning
	StatusStopped = service.StatusStopped
)

// The variables: the same errors, so that they can be compared.
var (
	ErrNameFieldRequired       = service.ErrNameFieldRequired
	ErrNoServiceSystemDetected = service.ErrNoServiceSystemDetected
	ErrNotInstalled            = service.ErrNotInstalled
	ConsoleLogger              = service.ConsoleLogger
	ControlAction              = service.ControlAction
)

// The functions.

func New(i Interface, c *Config) (Service, error) { return service.New(i, c) }
func Control(s Service, action string) error      { return service.Control(s, action) }
func Interactive() bool                           { return service.Interactive() }
func Platform() string                            { return service.Platform() }
func ChooseSystem(a ...System)                    { service.ChooseSystem(a...) }
func ChosenSystem() System                        { return service.ChosenSystem() }
func AvailableSystems() []System                  { return service.AvailableSystems() }
