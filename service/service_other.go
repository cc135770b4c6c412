//go:build !linux && !windows

package service

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// managersWorkingDir: there is no service manager.
func managersWorkingDir(string) string { return "" }

// detectAndRun runs the service in a terminal: of other systems daruma knows no service manager.
func detectAndRun(ctx context.Context, s Service, _ role, arguments []string) error {
	mail := newMailbox()
	signals := make(chan os.Signal, 8)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer close(done)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if s == os.Interrupt {
					mail.post(stopMessage(ReasonInterrupt))
				} else {
					mail.post(stopMessage(ReasonTerminate))
				}
			}
		}
	}()
	return newRunner(s, surroundings{Platform: &platform.Notifier{}, environment: EnvTerminal}, mail, arguments).run(ctx)
}
