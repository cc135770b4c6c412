//go:build !linux && !windows

package service

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// detectAndRun runs the service in a terminal: of other systems daruma knows no service manager.
func detectAndRun(s Service, _ role, arguments []string) error {
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
	return newRunner(s, surroundings{Platform: &platform.Notifier{}, environment: EnvTerminal}, mail, arguments).run()
}
