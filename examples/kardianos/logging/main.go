// logging writes to the system's log, or to the terminal, every few seconds. With -service it installs, starts, stops,
// restarts and uninstalls itself.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/daruma-sh/daruma/service/kardianos"
)

type program struct {
	logger service.Logger
	every  time.Duration
	exit   chan struct{}
	done   chan struct{}
}

func (p *program) Start(service.Service) error {
	place := "under the service manager"
	if service.Interactive() {
		place = "in a terminal"
	}
	p.logger.Infof("starts %s (%s)", place, service.Platform())
	p.exit, p.done = make(chan struct{}), make(chan struct{})
	go p.run()
	return nil
}

func (p *program) run() {
	defer close(p.done)
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.logger.Info("still here")
		case <-p.exit:
			return
		}
	}
}

func (p *program) Stop(service.Service) error {
	p.logger.Info("stops")
	close(p.exit)
	<-p.done
	return nil
}

func main() {
	verb := flag.String("service", "", "install, uninstall, start, stop or restart")
	every := flag.Duration("every", 2*time.Second, "how often to write")
	flag.Parse()

	p := &program{every: *every}
	s, err := service.New(p, &service.Config{
		Name:        "KardianosLogging",
		DisplayName: "Logging service",
		Description: "Writes to the log every few seconds.",
		Option: service.KeyValue{
			"Restart":                      "on-failure",
			"OnFailure":                    "restart",
			service.OnFailureDelayDuration: "5s",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	errs := make(chan error, 8)
	if p.logger, err = s.Logger(errs); err != nil {
		log.Fatal(err)
	}
	go func() {
		for err := range errs {
			log.Print(err)
		}
	}()
	if *verb != "" {
		if err := service.Control(s, *verb); err != nil {
			log.Fatalf("%v (actions: %q)", err, service.ControlAction)
		}
		return
	}
	if err := s.Run(); err != nil {
		p.logger.Error(err)
	}
}
