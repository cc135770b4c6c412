package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/daruma-sh/daruma/service"
)

// The service of the examples is ended by itself where people would press Ctrl+C: it says Stopping.
func ExampleRun() {
	err := service.Run(context.Background(), service.Service{Name: "hello", Logger: slog.New(slog.DiscardHandler), Run: func(ctx context.Context, host *service.Host) error {
		host.Ready()
		host.Stopping()
		<-ctx.Done()
		fmt.Println(context.Cause(ctx))
		return nil
	}}, nil)
	fmt.Println(service.ExitCode(err))
	// Output:
	// the service finished by itself
	// 0
}

// An error is a failure, with an exit code of its own if it brings one.
func ExampleWithExitCode() {
	err := service.Run(context.Background(), service.Service{Name: "hello", Logger: slog.New(slog.DiscardHandler), Run: func(context.Context, *service.Host) error {
		return service.WithExitCode(errors.New("no configuration"), 78)
	}}, nil)
	fmt.Println(err, service.ExitCode(err))
	// Output: no configuration 78
}

// A panic is one, too, and its stack is in the log.
func ExamplePanicError() {
	err := service.Run(context.Background(), service.Service{Name: "hello", Logger: slog.New(slog.DiscardHandler), Run: func(context.Context, *service.Host) error {
		panic("out of luck")
	}}, nil)
	var panicked *service.PanicError
	fmt.Println(errors.As(err, &panicked), err)
	fmt.Println(service.ExitCode(err))
	// Output:
	// true Run panicked: out of luck
	// 80
}

// What must be finished during the stop gets StopContext: Run's own is over by then.
func ExampleHost_StopContext() {
	_ = service.Run(context.Background(), service.Service{Name: "hello", Logger: slog.New(slog.DiscardHandler), StopTimeout: 10 * time.Second,
		Run: func(ctx context.Context, host *service.Host) error {
			host.Ready()
			host.Stopping()
			<-ctx.Done()
			deadline, _ := host.StopContext().Deadline()
			fmt.Println(ctx.Err(), host.StopContext().Err(), time.Until(deadline).Round(time.Second))
			return nil
		}}, nil)
	// Output: context canceled <nil> 9s
}

// Checks run by themselves; whoever asks gets what is known.
func ExampleHealth() {
	_ = service.Run(context.Background(), service.Service{Name: "hello", Logger: slog.New(slog.DiscardHandler), Run: func(ctx context.Context, host *service.Host) error {
		checked := make(chan struct{})
		host.Health().Readiness(service.Check{Name: "database", Run: func(context.Context) error {
			close(checked)
			return errors.New("connection refused")
		}, Every: time.Hour})
		host.Ready()
		<-checked
		fmt.Println("ready:", host.Health().ReadinessReport().OK, "alive:", host.Health().LivenessReport().OK)
		return nil
	}}, nil)
	// Output: ready: false alive: true
}

// Where the stop's reason matters.
func ExampleReason() {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(service.ReasonShutdown) // as the host does
	if errors.Is(context.Cause(ctx), service.ReasonShutdown) {
		fmt.Println("seconds, not minutes")
	}
	// Output: seconds, not minutes
}
