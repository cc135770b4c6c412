// The service of docs/moving.md that was written for golang.org/x/sys/windows/svc, in daruma's own form.
package main

import (
	"context"
	"log"
	"sync/atomic"
	"time"

	"github.com/daruma-sh/daruma/service"
)

type worker struct{ paused atomic.Bool }

func main() {
	w := &worker{}
	service.Main(service.Service{
		Name:       "worker",
		Run:        w.run,
		OnPause:    func(context.Context) error { w.paused.Store(true); return nil },
		OnContinue: func(context.Context) error { w.paused.Store(false); return nil },
	})
}

func (w *worker) run(ctx context.Context, host *service.Host) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	host.Ready()
	for {
		select {
		case <-tick.C:
			if !w.paused.Load() {
				log.Print("work")
			}
		case <-ctx.Done():
			return nil
		}
	}
}
