package hosting

import "time"

// Role is the first argument of the process that the service manager starts.
const Role = "host"

// StartTimeout is when a service is reported running that isn't up, where the command line doesn't say.
const StartTimeout = 90 * time.Second

// StartMargin is what package service waits beyond the start timeout of the command line, before it ends the process.
const StartMargin = 30 * time.Second

const (
	flagStartTimeout = "start-timeout"
	flagStopTimeout  = "stop-timeout"
	flagQuiet        = "--quiet"        // of keeper and supervisor
	flagUnsafe       = "--allow-unsafe" // likewise
)

// CommandLine gives the arguments, behind daruma's executable, with which the service manager starts the service called name. start
// is when it is reported running, up or not; stop is how long all programs may take to stop. Both are more than 0.
func CommandLine(name, definition string, start, stop time.Duration) []string {
	return []string{Role, name, definition, "--" + flagStartTimeout + "=" + start.String(), "--" + flagStopTimeout + "=" + stop.String()}
}

// ReloadRole is the first argument of the process that systemd starts for systemctl reload.
const ReloadRole = "host-reload"

// ReloadCommandLine gives the arguments, behind daruma's executable, with which systemd has the service called name reload.
func ReloadCommandLine(name string) []string { return []string{ReloadRole, name} }

// Definition gives the file of a definition that a registered command line names, its executable included; "" where it isn't one of
// [CommandLine].
func Definition(registered []string) string {
	if len(registered) > 3 && registered[1] == Role {
		return registered[3]
	}
	return ""
}
