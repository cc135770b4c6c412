package service_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	service "github.com/daruma-sh/daruma/service/kardianos"
)

// childWord is the first argument with which the test binary is a program of kardianos's shape:
//
//	test child MODE FILE [VERB]
//
// What happens to it is appended to FILE, a line each. VERB is one of ControlAction or status.
const childWord = "child"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == childWord {
		child(os.Args[2], os.Args[3], os.Args[4:])
		return
	}
	os.Exit(m.Run())
}

type program struct{ mode, file string }

func (p *program) note(format string, args ...any) {
	f, err := os.OpenFile(p.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintf(f, format+"\n", args...)
}

func (p *program) Start(s service.Service) error {
	p.note("start interactive=%v env=%s", service.Interactive(), os.Getenv("KARDIANOS_TEST"))
	switch p.mode {
	case "failstart":
		return errors.New("no start")
	case "panicstart":
		panic("no luck")
	case "block":
		select {}
	case "hangup":
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		p.note("listens")
		go func() { <-hangups; p.note("hangup") }()
	case "selfrestart":
		if had, _ := os.ReadFile(p.file); strings.Count(string(had), "start ") == 1 {
			go func() { p.note("restarted: %v", s.Restart()) }() // the note comes where this process lives on
		}
	case "selfstop":
		go func() { _ = s.Stop() }()
	case "selfuninstall":
		go func() { p.note("uninstalled: %v", s.Uninstall()) }()
	case "childuninstall":
		go func() { // as a web page's handler may do it
			out, err := exec.Command(os.Args[0], childWord, p.mode, p.file, "uninstall").CombinedOutput()
			p.note("child: %v %s", err, out)
		}()
	case "folder":
		dir, err := os.Getwd()
		p.note("in %s %v", dir, err)
	case "logs":
		logger, err := s.Logger(nil)
		if err != nil {
			return err
		}
		return logger.Warningf("words of %v", s)
	}
	return nil
}

func (p *program) Stop(service.Service) error {
	p.note("stop")
	switch p.mode {
	case "failstop":
		return errors.New("no stop")
	case "hangstop":
		select {}
	case "slowstop":
		<-time.After(4 * time.Second)
		p.note("stopped")
	}
	return nil
}

// script is a SystemdScript as programs have it from the time when it was a text/template.
const script = `[Unit]
Description={{.Description}}
ConditionFileIsExecutable={{.Path|cmdEscape}}
{{range $i, $dep := .Dependencies}}
{{$dep}} {{end}}
[Service]
ExecStart={{.Path|cmdEscape}}{{range .Arguments}} {{.|cmd}}{{end}}
{{if .UserName}}User={{.UserName}}{{end}}
{{if gt .LimitNOFILE -1 }}LimitNOFILE={{.LimitNOFILE}}{{end}}
{{if .Restart}}Restart={{.Restart}}{{end}}
Environment=KARDIANOS_TEST=script
[Install]
WantedBy=multi-user.target
`

func child(mode, file string, verb []string) {
	p := &program{mode, file}
	config := &service.Config{
		Name: "kardianos-" + mode, DisplayName: "Kardianos test " + mode, Description: `100 % "real"`,
		Arguments: []string{childWord, mode, file},
		EnvVars:   map[string]string{"KARDIANOS_TEST": "a b$c%d"},
		Option:    service.KeyValue{"OnFailureDelayDuration": "1s", "OnFailure": "restart", "KeepAlive": true, "Colour": "red"},
	}
	switch mode {
	case "script":
		config.Option["SystemdScript"] = script
	case "folder":
		config.WorkingDirectory = filepath.Dir(file)
	case "user":
		config.Option["UserService"] = true
	case "options":
		config.Option["LimitNOFILE"], config.Option["ReloadSignal"], config.Option["LogOutput"] = 4321, "USR1", true
		config.Option["LogDirectory"], config.Option["Restart"] = filepath.Dir(file), "on-failure"
		config.Dependencies = []string{"After=network.target", "network-online.target"}
		config.WorkingDirectory = filepath.Dir(file)
	}
	s, err := service.New(p, config)
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case len(verb) == 0:
		err = s.Run()
		p.note("run: %v", err)
	case verb[0] == "status":
		var status service.Status
		status, err = s.Status()
		fmt.Printf("status %d\n", status)
		if err == service.ErrNotInstalled {
			fmt.Println("not installed")
			err = nil
		}
	default:
		err = service.Control(s, verb[0])
	}
	if err != nil {
		log.Fatal(err)
	}
}
