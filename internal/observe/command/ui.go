package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/web"
	"github.com/daruma-sh/daruma/internal/operate"
)

// uiMain runs daruma ui and gives the exit code: 0 ended by Ctrl+C, 1 failed, 2 wrong usage.
func uiMain(args []string, out, errs io.Writer) int {
	cmd := newUI(out, errs)
	cmd.SetArgs(args)
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(errs, "daruma ui: %v\n", err)
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return 1
	}
	return 2
}

func newUI(out, errs io.Writer) *cobra.Command {
	open, port := true, uint16(0)
	cmd := &cobra.Command{
		Use:   "daruma ui",
		Short: "Show all services in the browser, with logs and orders",
		Long: `Show all services that are known here in the browser: those that somebody should look at first. Works until Ctrl+C.

It serves on this machine alone, on a free port, with an address that works once: whoever opens it is in, and nobody else. You see what
daruma status shows you. An order that you may not give is refused by the service, which says why.`,
		Example: `  daruma ui
  daruma ui --open=false                     print the address, open nothing
  ssh -t -L 9491:127.0.0.1:9491 web1 daruma ui --port 9491`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetOut(out)
	cmd.SetErr(errs)
	cmd.Flags().BoolVar(&open, "open", true, "open it in the browser")
	cmd.Flags().Uint16Var(&port, "port", 0, "the `port`; 0: a free one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		c, err := config.Default()
		if err == nil {
			err = runUI(ctx, out, errs, c, port, open)
		}
		if err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// runUI serves the dashboard to this user until ctx ends.
//
// The name in the address is nobody else's to guess: browsers send a cookie to every port of a host, and so also to another user's server on 127.0.0.1.
// They know by themselves that names below .localhost are this machine (RFC 6761, 6.3).
func runUI(ctx context.Context, out, errs io.Writer, c config.Config, port uint16, open bool) error {
	name := "daruma-" + strings.ToLower(rand.Text()[:16]) + ".localhost"
	listeners, err := loopback(port)
	if err != nil {
		return err
	}
	r := readPast(c)
	go r.run(ctx) // it keeps nothing, and needn't be waited for
	d := dashboard(web.Options{Hosts: []string{name}}, r)
	_, used, _ := net.SplitHostPort(listeners[0].Addr().String())
	address := "http://" + net.JoinHostPort(name, used) + "/enter?token=" + d.Token(operate.UserName())
	fmt.Fprintf(out, "%s\n", address)
	if open {
		closeBrowser, err := openBrowser(address)
		if err != nil {
			fmt.Fprintf(errs, "daruma ui: no browser was opened: %v: open the address above; it works once\n", err)
		}
		defer closeBrowser()
	}
	if err := d.Serve(ctx, listeners...); ctx.Err() == nil {
		return err
	}
	return nil
}

// loopback listens on this machine's own addresses, at the port, or a free one. Where there is IPv6 it is needed, too: a browser may try that first,
// and somebody else who listened there would get the token.
func loopback(port uint16) ([]net.Listener, error) {
	for try := 0; ; try++ {
		four, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return nil, fmt.Errorf("%w: give another --port", err)
		}
		_, used, _ := net.SplitHostPort(four.Addr().String())
		six, err := net.Listen("tcp6", net.JoinHostPort("::1", used))
		switch {
		case err == nil:
			return []net.Listener{four, six}, nil
		case !taken(err):
			return []net.Listener{four}, nil // there is no IPv6
		}
		_ = four.Close()
		if port != 0 || try == 10 {
			return nil, fmt.Errorf("%w: give another --port", err)
		}
	}
}
