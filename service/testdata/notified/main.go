// Command notified is a service upon package service for the tests of the notify probes. Files in its folder tell it what
// to do: unready fails its readiness check, deadlock locks its main loop up.
package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service"
)

func main() {
	service.Main(service.Service{Name: "notified", Run: run})
}

func run(ctx context.Context, host *service.Host) error {
	if os.Getenv("DARUMA_NOTIFY") != "" || os.Getenv("DARUMA_WATCHDOG_SECONDS") != "" {
		return errors.New("the channel's variables are still in the environment")
	}
	host.Health().Readiness(service.Check{Name: "file", Run: func(context.Context) error {
		if _, err := os.Stat("unready"); err == nil {
			return errors.New("the file unready is there")
		}
		return nil
	}, Every: 20 * time.Millisecond, Threshold: 1})
	host.SetStatus("at work in " + host.Environment().String())
	host.Heartbeat() // from now on it is expected
	host.Ready()
	var mu sync.Mutex
	turn := time.NewTicker(20 * time.Millisecond)
	defer turn.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-turn.C:
		}
		if _, err := os.Stat("deadlock"); err == nil {
			_ = os.Remove("deadlock") // the next run is to be well
			mu.Lock()
		}
		mu.Lock()
		host.Heartbeat()
		mu.Unlock()
	}
}
