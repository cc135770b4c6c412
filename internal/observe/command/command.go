// Package command is the command line of daruma-observe.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/hosts"
	"github.com/daruma-sh/daruma/internal/observe/metrics"
	"github.com/daruma-sh/daruma/internal/version"
	"github.com/daruma-sh/daruma/service/notify"
)

// flags are what the command line says; what isn't said there, the file says.
type flags struct {
	listen   string
	textfile string
	every    time.Duration
	folder   string
	test     bool
	hash     bool
	check    bool
}

// Main runs the observer and gives the exit code of the process: 0 ended in order, 1 failed, 2 wrong usage.
//
// Where the first argument is top, that is daruma top, which needs this process's terminal; where it is ui, daruma ui. A file of such a name is ./top.
func Main(args []string, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == "top" {
		return topMain(args[1:], os.Stdin, os.Stdout, out, errs)
	}
	if len(args) > 0 && args[0] == "ui" {
		return uiMain(args[1:], out, errs)
	}
	cmd := newCommand(out, errs)
	cmd.SetArgs(args)
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(errs, "daruma observe: %v\n", err)
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return 1
	}
	return 2
}

// failure is an error that isn't the usage's.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

func newCommand(out, errs io.Writer) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "daruma observe [observe.yaml]",
		Short: "Give what is seen of all services to Prometheus, and tell people what happens",
		Long: `Look at all services of this machine that let you in, and give what is seen to Prometheus: on a port that it
scrapes, or in a file for the textfile collector of node_exporter or windows_exporter, where no port may be opened.

It is a client like daruma status: it holds no right over a program, and nothing that runs notices when it
ends. A scrape takes a second at most, also where supervisors hang. Services that come or go are found.

Whoever reaches the address reads the metrics: names of services and programs are in them. It is this machine
alone unless --listen says otherwise.`,
		Example: `  daruma observe                                   http://127.0.0.1:9490/metrics, until Ctrl+C
  daruma observe --listen 127.0.0.1:0              on a free port, which it prints
  daruma observe --textfile /var/lib/prometheus/node-exporter
  daruma observe observe.yaml                      as the file says; flags count more than it
  daruma observe --check observe.yaml
  daruma observe --test-notices observe.yaml       send a test message to each channel of notices
  daruma observe --hash-password                   for a user of the dashboard
  curl http://127.0.0.1:9490/metrics`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetOut(out)
	cmd.SetErr(errs)
	cmd.Flags().StringVar(&f.listen, "listen", config.DefaultListen, "`address` and port for scrapes; none with --textfile alone")
	cmd.Flags().StringVar(&f.textfile, "textfile", "", "write the metrics into "+metrics.TextfileName+" in this `folder`")
	cmd.Flags().DurationVar(&f.every, "every", 15*time.Second, "how often --textfile is renewed")
	cmd.Flags().StringVar(&f.folder, "folder", "", "the observer's own `folder`, for its counters and what waits to be sent; two observers need one each")
	cmd.Flags().BoolVar(&f.test, "test-notices", false, "send one test message to each channel of notices, say what came of it, and end")
	cmd.Flags().BoolVar(&f.hash, "hash-password", false, "ask for a password, print its hash for dashboard.users in observe.yaml, and end")
	cmd.Flags().BoolVar(&f.check, "check", false, "check the file and the flags, and end")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.hash {
			return hashPassword(os.Stdin, out, errs)
		}
		c, err := configuration(args, f, cmd.Flags().Changed)
		if err == nil && c.Shipping != nil {
			for _, w := range c.Shipping.Warnings() {
				fmt.Fprintln(errs, "daruma observe: warning:", w)
			}
		}
		if err != nil || f.check {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if f.test {
			return testNotices(ctx, out, c)
		}
		if err := run(ctx, out, errs, c); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// configuration puts together what the file and the flags say.
func configuration(args []string, f flags, given func(flag string) bool) (c config.Config, err error) {
	if len(args) > 0 {
		c, err = config.Load(args[0])
	} else {
		c, err = config.Default()
	}
	if err != nil {
		return c, err
	}
	if given("textfile") {
		if c.Textfile.Folder, err = filepath.Abs(f.textfile); err != nil {
			return c, err
		}
		if len(args) == 0 {
			c.Listen = ""
		}
	}
	if given("listen") {
		if c.Listen = f.listen; f.listen != "" && !config.IsAddress(f.listen) {
			return c, fmt.Errorf("--listen must be ADDRESS:PORT such as %s, is %s", config.DefaultListen, f.listen)
		}
	}
	if given("folder") {
		if c.Folder, err = filepath.Abs(f.folder); err != nil {
			return c, err
		}
	}
	if given("every") {
		if c.Textfile.Period = f.every; f.every < time.Second {
			return c, fmt.Errorf("--every must be at least 1s, is %v", f.every)
		}
	}
	if c.Listen == "" && c.Textfile.Folder == "" && c.Notices == nil && c.Shipping == nil && c.Dashboard == nil && !c.History {
		return c, errors.New("there is neither an address to listen at nor a folder for a textfile: nobody would get the metrics")
	}
	if n := c.Notices; n != nil && n.Alertmanager != nil && c.Listen == "" {
		return c, errors.New("notices.alertmanager takes requests, and there is no address to listen at: give one with listen")
	}
	return c, nil
}

// run serves until asked ends, or a part of it can't begin.
func run(asked context.Context, out, errs io.Writer, c config.Config) error {
	free, err := hold(errs, c.Folder)
	if err != nil {
		return err
	}
	defer free()
	observer := observe.New(c.Folder, func(err error) { sayCounters(errs, err) })
	kept := keepPast(errs, c, observer)
	collector := metrics.NewCollector(observer, version.Version())
	ctx, cancel := context.WithCancelCause(asked)
	defer cancel(nil)
	var parts sync.WaitGroup
	notices, err := openNotices(errs, c)
	if err != nil {
		return err
	}
	defer notices.close()
	shipper, err := openShipping(errs, c)
	if err != nil {
		return err
	}
	defer shipper.close()
	shipper.show(collector)
	if c.Listen != "" {
		l, err := net.Listen("tcp", c.Listen)
		if err != nil {
			return fmt.Errorf("%w: give another address with --listen, or with listen in observe.yaml", err)
		}
		fmt.Fprintf(out, "metrics on http://%s/metrics\n", l.Addr())
		server := metrics.Server(collector)
		server.Handler = guardHosts(c, notices.withAlerts(server.Handler))
		parts.Go(func() { cancel(server.Serve(l)) })
		parts.Go(func() {
			<-ctx.Done()
			closeServer(server)
		})
	}
	trouble := func() string { return "" }
	if c.Dashboard != nil {
		var serve func(context.Context) error
		serve, trouble, err = openDashboard(out, errs, c, kept)
		if err != nil {
			return err
		}
		parts.Go(func() { cancel(serve(ctx)) })
	}
	if c.Textfile.Folder != "" {
		parts.Go(func() {
			cancel(metrics.WriteTextfiles(ctx, collector, c.Textfile.Folder, c.Textfile.Period, func(err error) { sayTextfile(errs, err) }))
		})
	}
	supervisor, err := ready()
	if err != nil {
		cancel(err)
	} else if supervisor != nil {
		defer supervisor.Close()
	}
	parts.Go(func() { notices.run(ctx) })
	parts.Go(func() { kept.run(ctx) })
	parts.Go(func() { shipper.run(ctx) })
	parts.Go(func() { newClosed(errs, supervisor, trouble).run(ctx) })
	<-ctx.Done()
	parts.Wait()
	if asked.Err() != nil {
		return nil // Ctrl+C
	}
	return context.Cause(ctx)
}

// guardHosts has only requests be answered that are for this machine: for an address, for the name that is listened at, this machine's own, or one of
// hosts in observe.yaml.
func guardHosts(c config.Config, next http.Handler) http.Handler {
	listen, _, _ := net.SplitHostPort(c.Listen)
	names := append([]string{"localhost", strings.ToLower(listen)}, c.Hosts...)
	if own, err := os.Hostname(); err == nil {
		names = append(names, strings.ToLower(own))
	}
	return hosts.Guard(slices.DeleteFunc(names, func(name string) bool { return name == "" }),
		"this is no name of this observer: ask for an address, or add the name to hosts in observe.yaml", next)
}

// ready tells the supervisor of the observer's own service that it works, and gives the way to it; nil: no supervisor waits for that.
func ready() (*notify.Channel, error) {
	supervisor, err := notify.Open()
	if supervisor != nil {
		_ = supervisor.Send(notify.Message{Key: notify.Ready, Value: "1"}) // the supervisor may be gone, and its successor asks
	}
	return supervisor, err
}

// hold takes the observer's own folder for this process until free is called: of two observers that count in one file, each would undo
// what the other counted. A folder that can't be had at all is no obstacle: what isn't kept is said, and services are seen all the same.
func hold(errs io.Writer, folder string) (free func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return func() {}, nil // whoever writes there says it
	}
	held, _, err := lock.Take(filepath.Join(folder, "observer.lock"))
	if other := (*lock.HeldError)(nil); errors.As(err, &other) {
		return nil, fmt.Errorf("another observer (process %s) has the folder %s: end it, or give this one a folder of its own with --folder, "+
			"or with folder in observe.yaml", other.PID, folder)
	}
	if err != nil {
		sayCounters(errs, err)
		return func() {}, nil
	}
	return held.Release, nil
}

// closeServer lets scrapes that are under way end.
func closeServer(server interface {
	Shutdown(context.Context) error
	Close() error
}) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

func sayTextfile(errs io.Writer, err error) {
	if err == nil {
		fmt.Fprintln(errs, "daruma observe: the metrics are written again")
		return
	}
	fmt.Fprintf(errs, "daruma observe: the metrics can't be written, and it is tried again: %v\n", err)
}

func sayCounters(errs io.Writer, err error) {
	if err == nil {
		fmt.Fprintln(errs, "daruma observe: the counters are kept again")
		return
	}
	fmt.Fprintf(errs, "daruma observe: the counters can't be kept, and would begin anew in the next observer: %v\n", err)
}
