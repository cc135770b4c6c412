// Package verbs is the command line of a service's executable: install, uninstall, start, stop, restart, status and help, done
// through the system's service manager.
package verbs

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/manager"
)

// Service is what the verbs must know of the service.
type Service struct {
	Name, Description         string
	Version                   string // empty: that of the main module
	StartTimeout, StopTimeout time.Duration
	// Install is what to install. The verb install sets the executable and takes its options into account.
	Install manager.Spec
	// Overwrite is whether the service may be one that something else installed.
	Overwrite bool
	// Role are the first arguments of an installed service's command line.
	Role []string
	// Check gives what is wrong with the service's description.
	Check func() error
}

// Results of a verb. Run has written about them already.
var (
	// ErrUsage: the command line is wrong.
	ErrUsage = errors.New("wrong usage")
	// ErrNotRunning: the verb status found the service not running.
	ErrNotRunning = errors.New("not running")
	// ErrFailed: the verb failed.
	ErrFailed = errors.New("failed")
)

// command is one verb on its way: the service it is about, and where to write.
type command struct {
	service        Service
	verb           string
	stdout, stderr io.Writer
	manager        manager.Manager
}

// Run acts on a verb of the command line and writes what came of it. The error is one of this package's. Not handled, and so the service
// itself, are an empty command line and one that begins with an option of the service's own.
func Run(s Service, args []string, stdout, stderr io.Writer) (handled bool, err error) {
	asksForVersion := len(args) == 1 && (args[0] == "version" || args[0] == "-version" || args[0] == "--version")
	if len(args) == 0 || strings.HasPrefix(args[0], "-") && !AsksForHelp(args[0]) && !asksForVersion {
		return false, nil
	}
	c := &command{service: s, verb: args[0], stdout: stdout, stderr: stderr}
	c.manager.Progress = func(p manager.Progress) {
		c.print(stderr, "%s (%d s)\n", p.What, int(p.Elapsed.Seconds()))
	}
	var act func(context.Context, []string) error
	switch {
	case args[0] == "help" || AsksForHelp(args[0]):
		c.print(stdout, "%s", usage(s))
		return true, nil
	case asksForVersion:
		c.print(stdout, "%s %s\n", s.Name, s.version())
		return true, nil
	case args[0] == "run": // the caller has run it, but for the question for help
		c.print(stdout, "%s", strings.ReplaceAll(runUsage, "PROG", program()))
		return true, nil
	case args[0] == "install":
		act = c.install
	case args[0] == "uninstall":
		act = c.uninstall
	case args[0] == "start" || args[0] == "stop" || args[0] == "restart":
		act = c.control
	case args[0] == "status":
		act = c.status
	default:
		c.print(stderr, "%s: there is no verb %q\n\n%s", s.Name, args[0], usage(s))
		return true, ErrUsage
	}
	if err := s.Check(); err != nil {
		c.print(stderr, "%v\n", err)
		return true, ErrUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return true, c.report(act(ctx, args[1:]))
}

// version is what the service calls its version, else that of the main module, which Go writes into the executable.
func (s Service) version() string {
	if s.Version != "" {
		return s.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// runUsage is the help of the verb run, which this package doesn't carry out.
const runUsage = `Usage: PROG run [ARGUMENT...]

Runs the service in this terminal. Ctrl+C stops it, a second one ends it at once. The arguments are the service's own.
`

// AsksForHelp reports whether an argument is one of the usual options for help.
func AsksForHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// report writes an error that the verb hasn't written itself.
func (c *command) report(err error) error {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return nil
	case errors.Is(err, ErrUsage), errors.Is(err, ErrNotRunning):
		return err
	}
	c.print(c.stderr, "%s: %v\n", c.service.Name, err)
	if errors.Is(err, manager.ErrForeign) {
		c.print(c.stderr, "  --overwrite takes it over\n")
	}
	if errors.Is(err, manager.ErrInvalid) {
		return ErrUsage
	}
	return ErrFailed
}

// print writes for people. An error means that nobody reads: there is nobody to report it to.
func (c *command) print(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, format, args...)
}

// parse reads the verb's options; what is left over must be nothing, unless rest is set.
func (c *command) parse(options *flag.FlagSet, args []string, rest *[]string) error {
	options.SetOutput(c.stderr)
	options.Usage = func() {
		c.print(c.stderr, "Usage: %s %s [options]%s\n", program(), c.verb, map[bool]string{true: " [--] [ARGUMENT…]"}[rest != nil])
		options.PrintDefaults()
	}
	if err := options.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return ErrUsage
	}
	if rest != nil {
		*rest = options.Args()
		return nil
	}
	if options.NArg() > 0 {
		c.print(c.stderr, "%s %s: %q is too much: the verb is about this program's own service, %s\n",
			program(), c.verb, options.Arg(0), c.service.Name)
		return ErrUsage
	}
	return nil
}

func (c *command) options() *flag.FlagSet { return flag.NewFlagSet(c.verb, flag.ContinueOnError) }

// timeoutOption is how long the verb waits; 0 is the service's own time and some more.
func timeoutOption(options *flag.FlagSet) *time.Duration {
	return options.Duration("timeout", 0, "wait this long for it at most (the service's own time and 30s)")
}

// within bounds a wait: by what the user asked for, else by the service's own time and half a minute for everything around it
// (Windows gives a new process 30 s to connect).
func within(ctx context.Context, asked, own time.Duration) (context.Context, context.CancelFunc) {
	if asked <= 0 {
		asked = own + platform.Grace + 30*time.Second
	}
	return context.WithTimeoutCause(ctx, asked, fmt.Errorf("not done after %v", asked))
}

// Within bounds a wait whose context has no deadline, by the service's own time and half a minute.
func Within(ctx context.Context, own time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return within(ctx, 0, own)
}

func program() string { return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") }

func usage(s Service) string {
	name := program()
	about := ""
	if s.Description != "" {
		about = s.Description + "\n\n"
	}
	return about + strings.NewReplacer("PROG", name).Replace(`Usage: PROG [VERB]

  install     make it a service of this system, which starts at boot; again: change what differs
  uninstall   stop and remove it
  start       start the service and wait until it is ready
  stop        stop it and wait for its end
  restart     stop and start
  status      show how it is
  run         run it in this terminal; Ctrl+C stops it
  version     show its version
  help        this page; PROG VERB --help shows a verb's options

Without a verb it is the service itself: under the service manager, in a container, in a terminal.

Examples:
  PROG install --dry-run                  what would change
  PROG install --now                      install, start, wait until it is ready
  PROG install --account virtual          as a user with few rights
  PROG install --start-type delayed --depends-on postgresql -- --port 8080
  PROG status -o json

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running.
`)
}
