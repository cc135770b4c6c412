// simple is the least that a service of kardianos's shape needs. It runs until it is told to stop, and does nothing.
package main

import (
	"log"

	"github.com/daruma-sh/daruma/service/kardianos"
)

type program struct{}

func (*program) Start(service.Service) error { return nil }
func (*program) Stop(service.Service) error  { return nil }

func main() {
	s, err := service.New(&program{}, &service.Config{
		Name:        "KardianosSimple",
		DisplayName: "Simple service",
		Description: "Runs and does nothing.",
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Run(); err != nil {
		log.Fatal(err)
	}
}
