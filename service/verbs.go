package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// command is one verb on its way: the service it is about, and where to write.
type command struct {
	service        Service
	verb           string
	stdout, stderr io.Writer
	manager        manager.Manager
}

// verbs acts on a verb of the command line. Not handled, and so the service itself, are an empty one and one that begins
// with an option of the service's own.
func verbs(s Service, args []string) (code int, handled bool) {
	return verbsTo(s, args, os.Stdout, os.Stderr)
}

func verbsTo(s Service, args []string, stdout, stderr io.Writer) (code int, handled bool) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") && !asksForHelp(args[0]) {
		return 0, false
	}
	c := &command{service: s, verb: args[0], stdout: stdout, stderr: stderr}
	c.manager.Progress = func(p manager.Progress) {
		c.tell(stderr, "%s (%d s)\n", p.What, int(p.Elapsed.Seconds()))
	}
	var act func(context.Context, []string) error
	switch {
	case args[0] == "help" || asksForHelp(args[0]):
		c.tell(stdout, "%s", usage(s))
		return int(ExitOK), true
	case args[0] == "install":
		act = c.install
	case args[0] == "uninstall":
		act = c.uninstall
	case args[0] == "start" || args[0] == "stop" || args[0] == "restart":
		act = c.control
	case args[0] == "status":
		act = c.status
	default:
		c.tell(stderr, "%s: there is no verb %q\n\n%s", s.Name, args[0], usage(s))
		return int(ExitUsage), true
	}
	if err := s.check(); err != nil {
		c.tell(stderr, "%v\n", err)
		return int(ExitUsage), true
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return c.report(act(ctx, args[1:])), true
}

func asksForHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// errUsage has been told already, by package flag.
var errUsage = errors.New("wrong usage")

// errNotRunning has been told already, by the status itself.
var errNotRunning = errors.New("not running")

func (c *command) report(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return int(ExitOK)
	case errors.Is(err, errUsage):
		return int(ExitUsage)
	case errors.Is(err, errNotRunning):
		return int(ExitNotRunning)
	}
	c.tell(c.stderr, "%s: %v\n", c.service.Name, err)
	if errors.Is(err, manager.ErrForeign) {
		c.tell(c.stderr, "  --overwrite takes it over\n")
	}
	if errors.Is(err, manager.ErrInvalid) {
		return int(ExitUsage)
	}
	return int(ExitFailed)
}

// tell writes for people: where nobody reads, there is nobody to tell of it.
func (c *command) tell(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, format, args...)
}

// parse reads the verb's options; what is left over must be nothing, unless rest is set.
func (c *command) parse(options *flag.FlagSet, args []string, rest *[]string) error {
	options.SetOutput(c.stderr)
	options.Usage = func() {
		c.tell(c.stderr, "Usage: %s %s [options]%s\n", program(), c.verb, map[bool]string{true: " [--] [ARGUMENT…]"}[rest != nil])
		options.PrintDefaults()
	}
	if err := options.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	if rest != nil {
		*rest = options.Args()
		return nil
	}
	if options.NArg() > 0 {
		c.tell(c.stderr, "%s %s: %q is too much: the verb is about this program's own service, %s\n",
			program(), c.verb, options.Arg(0), c.service.Name)
		return errUsage
	}
	return nil
}

func (c *command) options() *flag.FlagSet { return flag.NewFlagSet(c.verb, flag.ContinueOnError) }

// timeoutOption is how long the verb waits; 0 is the service's own time and some more.
func timeoutOption(options *flag.FlagSet) *time.Duration {
	return options.Duration("timeout", 0, "wait this long for it at most (the service's own time and 30s)")
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
  help        this page; PROG VERB --help shows a verb's options

Without a verb it is the service itself: under the service manager, in a container, in a terminal.

Examples:
  PROG install --dry-run                  what would change
  PROG install --now                      install, start, wait until it is ready
  PROG install --start-type delayed --depends-on postgresql -- --port 8080
  PROG status -o json

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running.
`)
}
