// Command worker is the other half of the example shop: it takes orders from the api, one at a time, and delivers them.
//
// Some orders bring it down: "poison" crashes it, "quit" makes it exit with code 1, "stuck" hangs it, "slow" takes 3 s.
// It is an ordinary program: nothing in it knows of daruma.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	api := flag.String("api", "http://127.0.0.1:8080", "`URL` of the api")
	health := flag.String("health", "127.0.0.1:8081", "`host:port` on which /health is answered; port 0 takes a free one")
	poll := flag.Duration("poll", 200*time.Millisecond, "how long to wait where no order waits")
	limit := flag.Duration("limit", 10*time.Second, "how long one order may take before /health turns bad")
	flag.Parse()
	if err := run(*api, *health, *poll, newPulse(*limit)); err != nil {
		log.Fatalf("worker: %v", err)
	}
}

func run(api, health string, poll time.Duration, pulse *pulse) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", health)
	if err != nil {
		return fmt.Errorf("%w (another shop running? SHOP_WORKER_PORT chooses another port)", err)
	}
	server := &http.Server{Handler: pulse, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Printf("health on %s, pid %d", listener.Addr(), os.Getpid())

	worked := make(chan struct{})
	go func() {
		work(ctx, &desk{url: api, client: &http.Client{Timeout: 5 * time.Second}}, pulse, poll)
		close(worked)
	}()
	select {
	case err := <-served:
		return err
	case <-worked: // only after a stop
	}
	log.Print("stopped")
	if err := server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// work delivers orders until ctx ends; the order in hand then is finished first.
func work(ctx context.Context, d *desk, pulse *pulse, poll time.Duration) {
	greeted, reachable := false, true
	for ctx.Err() == nil {
		pulse.beat()
		o, err := d.next(&greeted)
		if err != nil {
			if reachable { // once, not with every poll
				log.Printf("the api can't be reached, trying on: %v", err)
			}
			reachable = false
		} else if !reachable {
			log.Print("the api answers again")
			reachable = true
		}
		if o != nil {
			deliver(ctx, *o)
			if err := d.done(o.ID); err != nil {
				log.Printf("order %d: %v", o.ID, err)
			}
			continue
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
		}
	}
}

func deliver(ctx context.Context, o order) {
	log.Printf("order %d: %q, attempt %d", o.ID, o.Item, o.Attempts)
	switch o.Item {
	case "poison":
		panic("the order was poison")
	case "quit":
		os.Exit(1)
	case "stuck":
		<-make(chan struct{}) // for ever: no pulse, /health turns bad, the liveness probe sees it
	case "slow":
		select {
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
		}
	}
	log.Printf("order %d: delivered", o.ID)
}
