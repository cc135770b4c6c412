package service

import (
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/daruma-sh/daruma/service/internal/orphans"
	"golang.org/x/sys/unix"
)

// surround finds out what runs the process and runs the service in it.
func surround(s Service, _ role, arguments []string) error {
	w, closeChannel, channelErr := darumaWords()
	defer closeChannel()
	if w == nil {
		if socket := openNotifySocket(os.Getenv("NOTIFY_SOCKET")); socket != nil {
			defer socket.close()
			period, _ := daemon.SdWatchdogEnabled(false) // what isn't a number is no watchdog
			w = &words{where: Systemd, period: period, send: socket.send, flush: socket.flush,
				braced: func() { signal.Ignore(unix.SIGABRT) }, clock: monotonic}
		} else {
			w = &words{where: whoseProcess(os.Getpid())}
		}
	}
	mail := newMailbox()
	r := newRunner(s, w, mail, arguments)
	if channelErr != nil {
		r.log.Warn("the channel to daruma can't be used; the service runs without it", "error", channelErr)
	}
	defer watchSignals(mail, s.OnReload != nil)()
	if os.Getpid() == 1 {
		if end, err := orphans.Reap(); err != nil {
			r.log.Warn("orphaned processes aren't reaped: this kernel has no pidfds to tell them from others", "error", err)
		} else {
			defer end()
		}
	}
	return r.run()
}

// whoseProcess tells a container's process from a terminal's.
func whoseProcess(pid int) Environment {
	if pid == 1 || os.Getenv("container") != "" { // podman, systemd-nspawn, LXC
		return Container
	}
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Lstat(mark); err == nil {
			return Container
		}
	}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return Container
	}
	return Terminal
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
				mail.post(meaning(s, reload))
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}

func meaning(s os.Signal, reload bool) message {
	switch {
	case s == unix.SIGINT:
		return stopMessage(Interrupt)
	case s == unix.SIGHUP && reload:
		return controlMessage{control: reloadControl}
	case s == unix.SIGHUP:
		return stopMessage(ConsoleClose)
	default:
		return stopMessage(Terminate)
	}
}
