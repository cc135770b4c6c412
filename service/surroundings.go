package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/log"
	"github.com/daruma-sh/daruma/service/notify"
)

// surroundings are what runs the service, with the way to report to it.
type surroundings struct {
	platform.Platform
	environment Environment
	// watchdog is how long systemd or daruma waits for a beat; 0: nobody does.
	watchdog time.Duration
	// limits is what the system gives for a stop of that reason, 0 for no limit; nil: it has no limits.
	limits func(Reason) time.Duration
}

// limit is what the system gives for a stop of that reason, 0 for no limit.
func (s surroundings) limit(reason Reason) time.Duration {
	if s.limits == nil {
		return 0
	}
	return s.limits(reason)
}

// underDaruma gives the surroundings of a program that daruma supervises, nil where it doesn't, with what closes the channel.
// It removes the channel's variables from the environment: a child must not report as this program. An error says why the
// channel can't be used; the service runs without it.
func underDaruma() (around *surroundings, closeChannel func(), err error) {
	channel, err := notify.Open()
	if channel == nil {
		return nil, func() {}, err
	}
	transmit := func(lines ...string) {
		messages := make([]notify.Message, 0, len(lines))
		for _, line := range lines {
			key, value, _ := strings.Cut(line, "=")
			messages = append(messages, notify.Message{Key: key, Value: value})
		}
		_ = channel.Send(messages...) // a keeper that is gone ends the program anyway
	}
	flush := func() { channel.Drained(endTimeout / 2) }
	notifier := &platform.Notifier{To: platform.Daruma, Transmit: transmit, Flush: flush}
	return &surroundings{Platform: notifier, environment: EnvDaruma, watchdog: channel.Period}, func() { _ = channel.Close() }, nil
}

// warnOf logs why the channel to daruma can't be used, if it can't.
func (r *runner) warnOf(channelErr error) {
	if channelErr != nil {
		r.log.Warn("the channel to daruma can't be used; the service runs without it", "error", channelErr)
	}
}

// flusher is a slog.Handler that keeps records in memory: log.Handler is one.
type flusher interface {
	Flush(context.Context) error
}

// flushOf gives the function that writes what the service's own loggers still hold: the process may end by os.Exit, where no deferred
// Close runs. logger may be nil; slog's default logger is the service's, too.
func flushOf(logger *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		var errs []error
		for _, l := range []*slog.Logger{logger, slog.Default()} {
			if l == nil {
				continue
			}
			if f, ok := l.Handler().(flusher); ok {
				errs = append(errs, f.Flush(ctx))
			}
		}
		return errors.Join(errs...)
	}
}

// serviceLogger is the logger of a service that brings none, and the function that writes what is left at the end.
func serviceLogger(s Service, e Environment) (logger *slog.Logger, drain func(context.Context) error) {
	options := log.Options{Name: s.Name}
	if e == EnvTerminal { // somebody tries it out: that doesn't belong into the machine's log
		options.System = log.SystemOff
	}
	h, err := log.NewHandler(options)
	if err != nil { // stdout can't be duplicated: no descriptor is free
		fmt.Fprintln(os.Stderr, "daruma:", err)
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)), func(context.Context) error { return nil }
	}
	flush := flushOf(nil)
	return slog.New(h), func(ctx context.Context) error { return errors.Join(flush(ctx), h.Close(ctx)) }
}
