// runner runs the command that its arguments name as a service, and stops when the command ends.
//
//	runner -service install NAME COMMAND…     then: start, stop, uninstall with the same NAME
//	runner NAME COMMAND…                      what the service manager calls
package main

import (
	"flag"
	"log"
	"os"
	"os/exec"

	"github.com/daruma-sh/daruma/service/kardianos"
)

type program struct {
	args []string
	cmd  *exec.Cmd
	done chan struct{}
}

func (p *program) Start(s service.Service) error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = os.Stdout, os.Stderr
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go p.wait(s)
	return nil
}

func (p *program) wait(s service.Service) {
	err := p.cmd.Wait()
	log.Printf("%s has ended: %v", p.args[0], err)
	close(p.done)
	if service.Interactive() {
		_ = p.Stop(s)
	} else {
		_ = s.Stop()
	}
}

func (p *program) Stop(service.Service) error {
	_ = p.cmd.Process.Kill() // an error says that it has ended
	<-p.done
	if service.Interactive() {
		os.Exit(0)
	}
	return nil
}

func main() {
	verb := flag.String("service", "", "install, uninstall, start, stop or restart")
	flag.Parse()
	if flag.NArg() == 0 || *verb == "" && flag.NArg() < 2 {
		log.Fatal("usage: runner [-service VERB] NAME COMMAND…")
	}
	p := &program{args: flag.Args()[1:]}
	s, err := service.New(p, &service.Config{Name: flag.Arg(0), Description: "Runs a command.", Arguments: flag.Args()})
	if err != nil {
		log.Fatal(err)
	}
	if *verb != "" {
		if err := service.Control(s, *verb); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := s.Run(); err != nil {
		log.Fatal(err)
	}
}
