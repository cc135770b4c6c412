// The service of docs/moving.md that was written for judwhite/go-svc, in daruma's own form.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/service"
)

type program struct {
	exit, done chan struct{}
}

func main() {
	service.Main(service.Service{Name: "ticker", Description: "Writes a line every second.", Run: run})
}

func run(ctx context.Context, host *service.Host) error {
	p := &program{exit: make(chan struct{}), done: make(chan struct{})}
	if host.Environment() == service.EnvSCM { // Windows starts services in its system folder
		if err := os.Chdir(filepath.Dir(os.Args[0])); err != nil {
			return err
		}
	}
	if err := p.Start(); err != nil {
		return err
	}
	host.Ready()
	<-ctx.Done()
	return p.Stop()
}

func (p *program) Start() error {
	go p.work()
	return nil
}

func (p *program) Stop() error {
	close(p.exit)
	<-p.done
	return nil
}

func (p *program) work() {
	defer close(p.done)
	for {
		select {
		case <-time.After(time.Second):
			log.Print("tick")
		case <-p.exit:
			return
		}
	}
}
