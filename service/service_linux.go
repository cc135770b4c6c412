package service

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/service/internal/notifysocket"
	"github.com/daruma-sh/daruma/service/internal/orphans"
	"github.com/daruma-sh/daruma/service/internal/platform"
)

// detectAndRun finds out what runs the process and runs the service in it.
func detectAndRun(ctx context.Context, s Service, _ role, arguments []string) error {
	around, closeChannel, channelErr := underDaruma()
	defer closeChannel()
	if around == nil {
		if socket := notifysocket.Open(os.Getenv("NOTIFY_SOCKET")); socket != nil {
			defer socket.Close()
			around = underSystemd(socket)
		} else {
			around = &surroundings{Platform: &platform.Notifier{}, environment: containerOrTerminal(os.Getpid())}
		}
	}
	mail := newMailbox()
	r := newRunner(s, *around, mail, arguments)
	r.warnOf(channelErr)
	defer watchSignals(mail, s.OnReload != nil)()
	if os.Getpid() == 1 {
		if end, err := orphans.Reap(); err != nil {
			r.log.Warn("orphaned processes aren't reaped: this kernel has no pidfds to tell them from others", "error", err)
		} else {
			defer end()
		}
	}
	return r.run(ctx)
}

// managersWorkingDir is the working directory that the service manager sees to.
func managersWorkingDir(dir string) string { return dir }

func underSystemd(socket *notifysocket.Socket) *surroundings {
	period, _ := daemon.SdWatchdogEnabled(false) // what isn't a number is no watchdog
	notifier := &platform.Notifier{To: platform.Systemd, Transmit: socket.Send, Flush: socket.Flush,
		BeforeTrigger: func() { signal.Ignore(unix.SIGABRT) }, Clock: monotonic}
	return &surroundings{Platform: notifier, environment: EnvSystemd, watchdog: period}
}

// containerOrTerminal gives EnvContainer for the process of a container, else EnvTerminal.
func containerOrTerminal(pid int) Environment {
	if pid == 1 || os.Getenv("container") != "" { // podman, systemd-nspawn, LXC
		return EnvContainer
	}
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Lstat(mark); err == nil {
			return EnvContainer
		}
	}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return EnvContainer
	}
	return EnvTerminal
}

// monotonic is CLOCK_MONOTONIC: systemd compares RELOADING=1's stamp with its own.
func monotonic() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// watchSignals turns signals into messages until the function that it returns is called.
func watchSignals(mail *mailbox, reload bool) (end func()) {
	wanted := []os.Signal{unix.SIGTERM}
	if !signal.Ignored(unix.SIGINT) { // a shell's background job: Ctrl+C isn't meant for it
		wanted = append(wanted, unix.SIGINT)
	}
	if reload || !signal.Ignored(unix.SIGHUP) { // nohup
		wanted = append(wanted, unix.SIGHUP)
	}
	signals := make(chan os.Signal, 16)
	done, ended := make(chan struct{}), make(chan struct{})
	signal.Notify(signals, wanted...)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				mail.post(signalMessage(s, reload))
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}

func signalMessage(s os.Signal, reload bool) message {
	switch {
	case s == unix.SIGINT:
		return stopMessage(ReasonInterrupt)
	case s == unix.SIGHUP && reload:
		return controlMessage{control: reloadControl}
	case s == unix.SIGHUP:
		return stopMessage(ReasonConsoleClose)
	default:
		return stopMessage(ReasonTerminate)
	}
}
