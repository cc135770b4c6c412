package install

import (
	"time"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// Request is what install is asked for.
type Request struct {
	// File is the definition, or an observe.yaml, which its content tells; "" is daruma.yaml of the current folder. Where there is no such file it may be the name of a service
	// whose definition an earlier install wrote.
	File string

	// Command, instead of File, is a service of one program, whose definition is written.
	Command *Command

	Overrides
	Env        []string // NAME=VALUE, for daruma's own environment
	Privileges []string // Windows: those that the service keeps; empty: the least

	Keys signature.Keys // whose releases are taken from now on; none: those of now

	StartTimeout, StopTimeout *time.Duration // nil: from the definition

	Password PasswordSource
	DryRun   bool // nothing is changed
	Start    bool // start the service afterwards, or restart it where that is due
}

// Overrides are settings that count instead of the definition's. nil: the definition's.
type Overrides struct {
	DisplayName, Description, StartType, Account *string
	DependsOn                                    *[]string
}

// PasswordSource is where the password of the service's account comes from.
type PasswordSource struct {
	Given bool // somebody has named a source, which is a mistake where no password is needed
	Read  func(account string) (string, error)
}
