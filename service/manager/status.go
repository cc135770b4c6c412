package manager

import "time"

// State is a service's state, with the same meaning on every system.
type State string

// The states. Windows: after SERVICE_STATUS.dwCurrentState. Linux: after ActiveState and SubState.
const (
	Stopped    State = "stopped"    // not running, and that is fine
	Starting   State = "starting"   // SERVICE_START_PENDING; activating: not ready yet
	Running    State = "running"    // SERVICE_RUNNING; active
	Reloading  State = "reloading"  // systemd alone
	Stopping   State = "stopping"   // SERVICE_STOP_PENDING; deactivating
	Paused     State = "paused"     // Windows alone
	Pausing    State = "pausing"    // Windows alone
	Continuing State = "continuing" // Windows alone
	Restarting State = "restarting" // systemd waits before it starts the service again
	Failed     State = "failed"     // not running, and the last run ended with an error

	// NotInstalled is for programs that show it beside the others. Manager.Status never gives it, but the error ErrNotInstalled.
	NotInstalled State = "not installed"
)

// Status is the state of a service, as the service manager knows it.
type Status struct {
	Name      string    `json:"name"`
	State     State     `json:"state"`
	StartType StartType `json:"startType"`
	PID       int       `json:"pid,omitempty"`     // 0: no process
	Text      string    `json:"text,omitempty"`    // Linux: the text that the service has sent (STATUS=)
	Since     time.Time `json:"since,omitzero"`    // Linux: of the last change of state. The SCM doesn't keep it
	SCM       *SCM      `json:"scm,omitempty"`     // Windows alone
	Systemd   *Systemd  `json:"systemd,omitempty"` // Linux alone
}

// Up reports that the service runs: exit code 0 of the verb status, else 3.
func (s Status) Up() bool { return s.State == Running || s.State == Reloading }

// SCM is the service's SERVICE_STATUS_PROCESS, as `sc queryex` shows it.
type SCM struct {
	Type            uint32 `json:"type"`
	State           uint32 `json:"state"`            // 1 to 7
	StateName       string `json:"stateName"`        // STOPPED, START_PENDING …
	Accepts         uint32 `json:"controlsAccepted"` // SERVICE_ACCEPT_… bits
	Win32ExitCode   uint32 `json:"win32ExitCode"`    // 1066: see ServiceExitCode; 1067: the process died; 1077: not started since boot
	ServiceExitCode uint32 `json:"serviceExitCode"`  // the service's own
	CheckPoint      uint32 `json:"checkPoint"`
	WaitHint        uint32 `json:"waitHint"` // milliseconds
	PID             uint32 `json:"pid"`
	Flags           uint32 `json:"flags"`
}

// Systemd are properties of `systemctl show`, under their names (org.freedesktop.systemd1(5)).
type Systemd struct {
	LoadState      string   `json:"loadState"`   // loaded, bad-setting, error, masked
	ActiveState    string   `json:"activeState"` // active, reloading, inactive, failed, activating, deactivating
	SubState       string   `json:"subState"`    // running, dead, auto-restart …
	Result         string   `json:"result"`      // success, exit-code, signal, timeout, watchdog …
	UnitFileState  string   `json:"unitFileState"`
	FragmentPath   string   `json:"fragmentPath"`
	DropInPaths    []string `json:"dropInPaths,omitempty"`
	ExecMainCode   int      `json:"execMainCode"`   // CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3; 0: none has ended
	ExecMainStatus int      `json:"execMainStatus"` // exit code or signal
	NRestarts      int      `json:"nRestarts"`
	NeedReload     bool     `json:"needDaemonReload"` // unit files were changed since systemd read them
	Version        string   `json:"version"`          // of systemd
}
