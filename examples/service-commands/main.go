// Command service-commands is a service in a program with a command line of its own, which could as well be cobra's or kong's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/service"
)

// ticker is the service. Installed, it is started as a person would: service-commands serve --every 2s.
func ticker() service.Service {
	return service.Service{
		Name:    "ticker",
		Run:     run,
		Install: service.InstallOptions{Arguments: []string{"serve", "--every", "2s"}},
	}
}

func main() {
	command, rest := "", []string(nil)
	if len(os.Args) > 1 {
		command, rest = os.Args[1], os.Args[2:]
	}
	err := do(context.Background(), command, rest)
	if err != nil {
		fmt.Fprintln(os.Stderr, "service-commands:", err)
	}
	os.Exit(service.ExitCode(err))
}

func do(ctx context.Context, command string, arguments []string) error {
	switch command {
	case "serve":
		return service.Run(ctx, ticker(), arguments)
	case "install":
		changes, err := service.Install(ctx, ticker())
		fmt.Print(changes)
		return err
	case "uninstall":
		_, err := service.Uninstall(ctx, ticker())
		return err
	case "start":
		return service.Start(ctx, ticker())
	case "stop":
		return service.Stop(ctx, ticker())
	case "restart":
		return service.Restart(ctx, ticker())
	case "status":
		return status(ctx)
	}
	return service.WithExitCode(errors.New("give serve, install, uninstall, start, stop, restart or status"), service.ExitUsage)
}

func status(ctx context.Context) error {
	s, err := service.Status(ctx, ticker())
	if err != nil {
		return err
	}
	fmt.Println(s.State)
	if !s.Up() {
		return service.WithExitCode(errors.New("it doesn't run"), service.ExitNotRunning)
	}
	return nil
}

func run(ctx context.Context, host *service.Host) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	every := flags.Duration("every", time.Second, "from one tick to the next")
	if err := flags.Parse(host.Arguments()); err != nil {
		return service.WithExitCode(err, service.ExitUsage)
	}
	tick := time.NewTicker(*every)
	defer tick.Stop()
	host.Ready()
	for {
		select {
		case <-tick.C:
			host.Log().Info("tick")
		case <-ctx.Done():
			return nil
		}
	}
}
