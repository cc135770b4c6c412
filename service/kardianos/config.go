package service

import (
	"os"
	"path/filepath"
)

// Config describes a service. Name is required. The fields and their order are the original's.
type Config struct {
	Name        string   // what the service manager calls it; no spaces
	DisplayName string   // for people; Windows shows it in the list of services
	Description string   // one sentence for people
	UserName    string   // the account the service runs as; "": LocalSystem, root
	Arguments   []string // the command line after the executable

	// Executable is the program that the service manager starts; "": this process's own.
	Executable string

	// Dependencies are, on Windows, the names of services that must run before this one. Under systemd they are lines of
	// the unit's [Unit] section, as they stand: "After=network.target", "Requires=postgresql.service"; a word without an
	// equals sign is taken for a unit that must run before this one (the original wrote it into the file as it stood,
	// where systemd ignored it).
	Dependencies []string

	WorkingDirectory string // where the service runs, an absolute path. Windows: Run goes there before Start where the SCM started it
	ChRoot           string // RootDirectory= of systemd; not on Windows

	// Option has what only some service managers know.
	Option KeyValue

	// EnvVars are set in the service's environment. Everybody who may read the service's configuration can read them.
	EnvVars map[string]string
}

// KeyValue are options by name. What each means, where, and what has become of it here is the table of docs/moving.md.
// A value of another type than the option's counts as not set, as in the original; Install remarks on it.
type KeyValue map[string]any

// The names and values of options that the original has constants for (there on Windows only).
const (
	StartType             = "StartType" // when the service starts
	ServiceStartManual    = "manual"    // when asked
	ServiceStartDisabled  = "disabled"  // never
	ServiceStartAutomatic = "automatic" // at boot; the default

	OnFailure              = "OnFailure"              // what Windows does when the service failed
	OnFailureRestart       = "restart"                // starts it again; the default
	OnFailureReboot        = "reboot"                 // boots the machine
	OnFailureNoAction      = "noaction"               // nothing
	OnFailureDelayDuration = "OnFailureDelayDuration" // before it does, as time.ParseDuration reads it; default "1s"
	OnFailureResetPeriod   = "OnFailureResetPeriod"   // after which failures are forgotten, an int of seconds; default 10
)

// value gives the option name, or otherwise where it isn't set or has another type.
func value[T any](kv KeyValue, name string, otherwise T) T {
	if v, ok := kv[name].(T); ok {
		return v
	}
	return otherwise
}

// title is what people see: the display name, or the name.
func (c *Config) title() string {
	if c.DisplayName != "" {
		return c.DisplayName
	}
	return c.Name
}

// executable is the absolute path of the program to install.
func (c *Config) executable() (string, error) {
	if c.Executable != "" {
		return filepath.Abs(c.Executable)
	}
	return os.Executable()
}
