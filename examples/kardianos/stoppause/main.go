// stoppause takes its time to stop: the service manager is told that it is at work for as long.
package main

import (
	"log"
	"os"
	"time"

	"github.com/daruma-sh/daruma/service/kardianos"
)

type program struct{ pause time.Duration }

func (*program) Start(service.Service) error {
	log.Print("runs")
	return nil
}

func (p *program) Stop(service.Service) error {
	<-time.After(p.pause)
	return nil
}

func main() {
	pause := 13 * time.Second
	if d, err := time.ParseDuration(os.Getenv("STOP_PAUSE")); err == nil {
		pause = d
	}
	s, err := service.New(&program{pause}, &service.Config{
		Name:        "KardianosStopPause",
		DisplayName: "Stop pause",
		Description: "Takes its time to stop.",
	})
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) > 1 {
		if err := service.Control(s, os.Args[1]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := s.Run(); err != nil {
		log.Fatal(err)
	}
}
