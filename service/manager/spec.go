package manager

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Spec is what the service manager is to know of a service. Durations of 0 leave the service manager's default.
type Spec struct {
	Name        string // what the service manager knows it by; see CheckName
	DisplayName string // Windows: the name in lists of services, Name where empty. Linux: first half of the unit's Description
	Description string // one line; line breaks become spaces on Linux, whose units have none
	Executable  string // absolute path. Linux: without quotes, backslashes and control characters, which systemd refuses
	Arguments   []string
	WorkingDir  string   // absolute. Linux only: the SCM starts every service in its system folder
	Env         []string // KEY=VALUE, added to what the service manager gives

	// Documentation are URIs of pages about the service (http, https, file, info, man). Linux: systemctl status shows them.
	Documentation []string `json:",omitempty"`
	// Mounts are absolute paths whose file systems are to be mounted before the service starts and until it has stopped. One that can't be
	// mounted doesn't keep the service from its start. Linux, from systemd 256 on (WantsMountsFor=): RequiresMountsFor= of older ones would.
	// Those start it after all network file systems that are mounted at boot (remote-fs.target).
	Mounts []string `json:",omitempty"`

	// Account is who the service runs as: one of the Account… constants or a user's name. "": LocalSystem, root; an installed service
	// keeps the one it has (Windows).
	Account     string
	Password    Password `json:"-"` // of an account that NeedsPassword; "": the one that Windows has
	Supervision Supervision

	StartType StartType
	DependsOn []string // names of services that start before this one. Linux: units of other kinds with their suffix
	Recovery  Recovery

	// Notify is how the service reports to systemd. Windows has one way only.
	Notify Notify

	// ReloadArguments are those with which Executable is run for systemctl reload, as the service's account; its exit code says whether
	// the reload succeeded, and what it prints is in the journal (ExecReload=). It must end when the reload is done. With NotifyReload a
	// reload can't fail. Windows' PARAMCHANGE has no answer: ignored there.
	ReloadArguments []string

	StartTimeout       time.Duration // Linux: TimeoutStartSec. Windows goes by the wait hints that the service gives
	StopTimeout        time.Duration // Linux: TimeoutStopSec, then SIGKILL. Windows has no such limit for a stop
	PreShutdownTimeout time.Duration // Windows: what the system waits for the service at shutdown; its default is 10 s
	Watchdog           time.Duration // Linux: WatchdogSec. Windows has none: the program must watch over itself
}

// StartType is when the service starts by itself.
type StartType uint8

const (
	// Automatic starts with the system, before anyone logs on.
	Automatic StartType = iota
	// Delayed starts about two minutes after the system, out of the way of what is needed first. Windows: automatic
	// (delayed start). Linux: a timer beside the service, whose OnBootSec is two minutes.
	Delayed
	// Manual starts when told to, or when a service that depends on it starts.
	Manual
	// Disabled doesn't start, not even when told to. Linux: the unit refuses; it can't be masked, because its file is in /etc.
	Disabled
)

var startTypes = [...]string{Automatic: "automatic", Delayed: "delayed", Manual: "manual", Disabled: "disabled"}

// String is the word of the definition's field startType: automatic, delayed, manual or disabled.
func (t StartType) String() string {
	if int(t) < len(startTypes) {
		return startTypes[t]
	}
	return fmt.Sprintf("StartType(%d)", uint8(t))
}

// MarshalText gives the word that String gives.
func (t StartType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes the word that String gives.
func (t *StartType) UnmarshalText(text []byte) error {
	for i, word := range startTypes {
		if word == string(text) {
			*t = StartType(i)
			return nil
		}
	}
	return fmt.Errorf("start type %q: give one of %s", text, strings.Join(startTypes[:], ", "))
}

// Notify is how the service reports its state to systemd (systemd.service(5), Type=).
type Notify uint8

const (
	// NotifyReady is Type=notify: the service sends READY=1.
	NotifyReady Notify = iota
	// NotifyReload is Type=notify-reload from systemd 253 on: a reload sends SIGHUP and awaits RELOADING=1 with
	// MONOTONIC_USEC, then READY=1. Before 253: NotifyReady with a SIGHUP that nobody waits for.
	NotifyReload
	// NotifyNone is Type=exec: the service counts as started when its executable runs.
	NotifyNone
)

// Recovery is what the service manager does when the service fails.
type Recovery struct {
	// Delays before the first, second … restart; the last repeats for ever. None: the service stays down.
	// Windows: in milliseconds. Linux: the first alone, always; systemd never begins the count anew by itself.
	Delays []time.Duration
	// ResetAfter this long without a failure the count begins anew. Windows: whole seconds, 0 is at once.
	// Linux: nothing is counted.
	ResetAfter time.Duration
	// OnNonCrash restarts after an orderly end with an error code, too; not only where the process died.
	OnNonCrash bool
}

// DefaultRecovery restarts after 1 s, on errors too. Windows: after 1 s, 5 s, then 60 s where one failure follows the other; two
// minutes without one, and it is 1 s again.
func DefaultRecovery() Recovery {
	return Recovery{
		Delays:     []time.Duration{time.Second, 5 * time.Second, time.Minute},
		ResetAfter: 2 * time.Minute,
		OnNonCrash: true,
	}
}

// CheckName checks that the system's service manager can have a service of this name.
//
// Windows: 1 to 256 characters, no slash or backslash, no control characters, no space at either end (CreateServiceW).
// Linux: 1 to 247 of the characters A–Z a–z 0–9 : - _ . (systemd.unit(5); @ and \ have a meaning there), and no name that
// is a unit's with its suffix already.
func CheckName(name string) error { return checkName(name) }

// Check refuses a Spec that no service manager takes, and one that this system's doesn't. Install and Plan do it first.
func (s Spec) Check() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if !filepath.IsAbs(s.Executable) {
		return fmt.Errorf("executable %q isn't an absolute path", s.Executable)
	}
	if s.WorkingDir != "" && !filepath.IsAbs(s.WorkingDir) {
		return fmt.Errorf("working directory %q isn't an absolute path", s.WorkingDir)
	}
	texts := []string{s.DisplayName, s.Description, s.Executable, s.WorkingDir}
	for _, text := range slices.Concat(texts, s.Arguments, s.ReloadArguments, s.Env) {
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return fmt.Errorf("%q: a service manager takes UTF-8 without NUL only", text)
		}
	}
	if hasControl(s.DisplayName) || hasControl(s.Executable) || hasControl(s.WorkingDir) {
		return errors.New("display name, executable and working directory can't have control characters")
	}
	for _, entry := range s.Env {
		if key, _, ok := strings.Cut(entry, "="); !ok || !envName(key) {
			return fmt.Errorf("environment entry %q: give NAME=VALUE, NAME of letters, digits and underscores", entry)
		}
	}
	for _, name := range s.DependsOn {
		if err := checkDependency(name); err != nil {
			return fmt.Errorf("dependency %q: %w", name, err)
		}
	}
	for _, path := range s.Mounts {
		if !filepath.IsAbs(path) || hasControl(path) {
			return fmt.Errorf("path %q of Mounts: give an absolute path without control characters", path)
		}
	}
	for _, uri := range s.Documentation {
		if strings.ContainsAny(uri, " \t\n") || !strings.Contains(uri, ":") {
			return fmt.Errorf("documentation %q: give a URI without spaces", uri)
		}
	}
	if int(s.StartType) >= len(startTypes) {
		return fmt.Errorf("start type %d doesn't exist", s.StartType)
	}
	if s.Notify == NotifyReload && len(s.ReloadArguments) > 0 {
		return errors.New("a reload is either told to the running service (NotifyReload) or carried out by a command (ReloadArguments)")
	}
	if err := s.Recovery.check(); err != nil {
		return err
	}
	if err := s.checkAccount(); err != nil {
		return err
	}
	return checkSystem(s)
}

func (r Recovery) check() error {
	for _, d := range r.Delays {
		// SC_ACTION.Delay counts milliseconds in 32 bits.
		if d < 0 || d > 49*24*time.Hour {
			return fmt.Errorf("recovery delay %v: give 0 to 49 days", d)
		}
	}
	if r.ResetAfter < 0 || r.ResetAfter > 100*365*24*time.Hour {
		return fmt.Errorf("recovery's ResetAfter %v: give 0 to 100 years", r.ResetAfter)
	}
	return nil
}

func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// envName is what systemd takes as a variable's name (environment(7)); Windows takes more, nobody needs it.
func envName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
