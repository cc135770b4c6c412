// Package definition turns a daruma.yaml into a validated, immutable model.
//
// Everything downstream (engine, supervisor, CLI) works on [Service] and may rely on it: defaults are filled in,
// paths are absolute, references are resolved, cycles are impossible.
// Field names and defaults are Kubernetes' wherever Kubernetes has the field.
//
// A file goes through these steps. Up to convert.go the first error ends the reading; from there on all errors are reported at once:
//
//	load.go          reads the file
//	sourcelimits.go  refuses bytes that aren't a text, or would keep the YAML library busy for too long
//	yaml.go          scans and parses; tokenlimits.go refuses what the parser can't cope with
//	convert.go       the YAML library's tree becomes nodes (node.go), with aliases and merge keys resolved
//	decode.go        nodes become the model (model.go): service.go, program.go, probe.go … have the fields of each section
//	crosscheck.go    checks what only several fields together show; dependencies.go checks dependsOn
//
// Scalars are read in scalar.go, quantity.go and expand.go (variables). suggest.go words the errors for unknown keys.
package definition

import "time"

// Service is one definition file: what the operating system knows by one name, and its programs.
type Service struct {
	Name        string   // [a-z0-9-], 1 to 63 characters, begins and ends with a letter or digit
	DisplayName string   // defaults to Name
	Description string   // may be empty
	StartType   string   // automatic | delayed | manual | disabled; default automatic
	DependsOn   []string // other services of the operating system
	Account     string   // virtual | LocalService | NetworkService | LocalSystem | DOMAIN\svc$ | a user name; default virtual
	Fallback    Fallback // what starts the installed service where the service manager doesn't
	Control     Control  // who may see the running service, beside its own account and administrators
	Backup      Backup   // what a deploy keeps a copy of
	Programs    []Program

	// ReportRunning is when an installed service counts as running for the operating system; default Started.
	// Started: every program that can start has a process. Ready: every program that is wanted is ready, or has completed.
	ReportRunning Condition

	File   string // absolute path of the definition, "" where it came from memory
	Dir    string // absolute folder that relative paths start from: File's own, or what the field folder names
	Source []byte // the bytes that were parsed

	positions []fieldPosition // where each field stands, see At
}

// Program is one supervised executable.
type Program struct {
	Name       string
	Command    []string // at least one element; Command[0] as written: resolved against Dir or PATH at each start
	WorkingDir string   // absolute
	Env        []EnvVar // in file order, ${VAR} already expanded
	EnvFiles   []string // absolute paths, read at each start, later files win, Env wins over files

	DependsOn []Dependency // in file order

	RestartPolicy RestartPolicy // default Always
	Backoff       Backoff
	ExitCodes     []ExitRule   // first match wins; none matches: RestartPolicy decides
	MaxRestarts   *MaxRestarts // nil: never give up

	StartupProbe, LivenessProbe, ReadinessProbe *Probe

	PostStart, PreStop     *Handler
	OnResume               *Handler      // the machine woke up; nil: none
	OnControl              []ControlHook // by code
	StopSignal             string        // SIGTERM by default; Windows: CTRL_C | CTRL_BREAK | WM_CLOSE
	TerminationGracePeriod time.Duration // default 30 s; includes preStop

	Limits   Limits   // resources.limits
	Rlimits  []Rlimit // resources.rlimits, Linux only
	Nice     *int     // -20 … 19; nil: inherited
	Umask    *uint32  // nil: inherited
	Stdin    Stdin
	Security SecurityContext // securityContext
	Listen   []Listener      // sockets that the keeper binds and hands over by the LISTEN_FDS protocol
	Logs     Logs
}

// ControlHook is what a control code of the service's own does to a program.
type ControlHook struct {
	Code    int // 128 to 255, as the Service Control Manager has them
	Handler Handler
}

// EnvVar is one variable of a program's environment.
type EnvVar struct{ Name, Value string }

// Stdin is what a program reads as its standard input.
type Stdin string

// The values of stdin.
const (
	StdinEmpty Stdin = "empty" // the end, at once: /dev/null, on Windows NUL; the default
	StdinOpen  Stdin = "open"  // nothing, and never the end: for programs that end when their input does
)

// Condition is what a dependency must have reached before the dependent starts.
type Condition string

// The conditions of dependsOn.
const (
	Started   Condition = "started"   // its process runs, startup probe passed
	Ready     Condition = "ready"     // its readiness probe succeeds (without one: started)
	Completed Condition = "completed" // it ended with exit code 0
)

// Dependency says that a program starts only when Program has reached Condition.
type Dependency struct {
	Program   string
	Condition Condition
}

// RestartPolicy decides what an exit that no exitCodes rule matches leads to. Source: Kubernetes PodSpec.
type RestartPolicy string

// The restart policies.
const (
	Always    RestartPolicy = "Always"
	OnFailure RestartPolicy = "OnFailure" // exit code 0 completes the program
	Never     RestartPolicy = "Never"     // exit code 0 completes, another fails
)

// Backoff spaces the restarts of a crash loop. The first restart is always immediate; the n-th after it waits
// Initial·Factor^(n-1), at most Max, varied by ±Jitter.
type Backoff struct {
	Initial    time.Duration // default 0.5 s; 0: no wait at all
	Factor     float64       // default 2, at least 1
	Max        time.Duration // default 60 s
	Jitter     float64       // default 0.25, 0 … 1
	ResetAfter time.Duration // default 60 s: running (and, with a readiness probe, ready) that long forgets earlier failures
}

// ExitAction is what an exit code leads to.
type ExitAction string

// The actions of exitCodes.
const (
	ExitStop    ExitAction = "stop"    // completed: not restarted
	ExitRestart ExitAction = "restart" // restarted, whatever the policy says
	ExitGiveUp  ExitAction = "giveUp"  // failed: not restarted
)

// ExitRule maps the exit codes From…To (inclusive) to an action.
type ExitRule struct {
	From, To int
	Action   ExitAction
}

// GiveUpAction is what happens when maxRestarts is used up.
type GiveUpAction string

// The values of maxRestarts.then.
const (
	GiveUp   GiveUpAction = "giveUp"   // the program is failed, the others go on
	Escalate GiveUpAction = "escalate" // daruma ends with a failure, so that the operating system restarts the service
)

// MaxRestarts bounds restarts to Count within Within (a sliding window).
type MaxRestarts struct {
	Count  int
	Within time.Duration
	Then   GiveUpAction // default giveUp
}

// Probe is a health check with the kubelet's meaning and defaults.
// Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
type Probe struct {
	Handler          Handler
	InitialDelay     time.Duration // default 0
	Period           time.Duration // default 10 s, greater than 0
	Timeout          time.Duration // default 1 s, greater than 0
	SuccessThreshold int           // default 1; must be 1 for liveness and startup
	FailureThreshold int           // default 3, of a livenessProbe with notify 1; at least 1
}

// Handler is one action of a probe or lifecycle hook: exactly one field is set. GRPC and Notify only in probes.
type Handler struct {
	Exec      *ExecAction
	HTTPGet   *HTTPGetAction
	TCPSocket *TCPSocketAction
	GRPC      *GRPCAction
	Notify    *NotifyAction
}

// NotifyAction asks nothing: the program itself says how it is, on the channel of service/notify.
// Timeout and SuccessThreshold have no meaning then; for readiness no time or threshold has.
type NotifyAction struct{}

// Notifies reports whether the program needs a notify channel: one of its probes reads it.
func (p *Program) Notifies() bool {
	for _, probe := range []*Probe{p.StartupProbe, p.LivenessProbe, p.ReadinessProbe} {
		if probe != nil && probe.Handler.Notify != nil {
			return true
		}
	}
	return false
}

// ExecAction runs a command as the program's user, in its folder, with its environment; exit code 0 is success.
type ExecAction struct {
	Command []string
	Words   []string // Command as it stands in the file: what messages show, because a variable may hold a secret
}

// HTTPGetAction succeeds on a status of 200 to 399.
type HTTPGetAction struct {
	Scheme  string // "HTTP" (default) or "HTTPS" (the certificate isn't verified, as with the kubelet)
	Host    string // default 127.0.0.1
	Port    int    // 1 … 65535
	Path    string // default /
	Headers []HTTPHeader
}

// HTTPHeader is one header of a request; Host sets the request's host.
type HTTPHeader struct{ Name, Value string }

// TCPSocketAction succeeds when a connection opens.
type TCPSocketAction struct {
	Host string // default 127.0.0.1
	Port int
}

// GRPCAction calls grpc.health.v1.Health/Check; SERVING is success.
type GRPCAction struct {
	Host    string // default 127.0.0.1
	Port    int
	Service string // default ""
}

// Limits are resources.limits; 0 means none.
type Limits struct {
	Memory   int64 // bytes
	MilliCPU int64 // thousandths of a processor

	Processes int    // at once, 1 … 65535
	Affinity  uint64 // the processors that may be used, bit n for number n, 0 … 63
}

// Rlimit is one resource limit (setrlimit(2)); Unlimited stands for RLIM_INFINITY.
type Rlimit struct {
	Name       string // nofile, nproc, core, memlock, stack, as, fsize, data, cpu, …: the lower-case name without RLIMIT_
	Soft, Hard uint64
}

// Unlimited is the value of an rlimit without bound.
const Unlimited = ^uint64(0)

// SecurityContext says as whom a program runs. Source: Kubernetes SecurityContext; user and group may be names too.
type SecurityContext struct {
	RunAsUser                string   // name or number; "": as daruma
	RunAsGroup               string   // name or number; "": the user's primary group
	SupplementalGroups       []string // names or numbers; empty: the user's groups
	AddCapabilities          []string // upper case, without CAP_
	DropCapabilities         []string // likewise; ALL drops every one that isn't added
	AllowPrivilegeEscalation *bool    // false sets no_new_privs; nil: not set
}

// Listener is a socket that daruma's keeper binds, so that it stays open while the program is restarted.
type Listener struct {
	Name    string // LISTEN_FDNAMES; [a-zA-Z0-9_-]
	Network string // tcp | udp | unix
	Address string // host:port, or an absolute path
}

// LogFormat is how a program's output is stored.
type LogFormat string

// The log formats.
const (
	Text LogFormat = "text" // the bytes as they were written
	JSON LogFormat = "json" // each line one JSON object with the names of the Elastic Common Schema
)

// Logs says how a program's output is stored.
type Logs struct {
	Format   LogFormat     // default text
	MaxSize  int64         // bytes after which the file is rotated; default 10Mi; 0: never
	MaxAge   time.Duration // age after which the file is rotated; default 0: never
	MaxFiles int           // rotated files kept; default 10, at least 1
	Compress bool          // rotated files are gzipped; default true

	// Encoding is what the program writes in, as package charset names it; default utf-8. The bytes are kept as they are: it decides how
	// they are shown.
	Encoding string
}

// Position is a place in the definition file.
type Position struct{ Line, Column int } // from 1

// Program gives the program with this name, or nil.
func (s *Service) Program(name string) *Program {
	for i := range s.Programs {
		if s.Programs[i].Name == name {
			return &s.Programs[i]
		}
	}
	return nil
}
