package service_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/manager"
	"github.com/daruma-sh/daruma/service/winevent"
)

// shop is the service of the examples that ask the system's service manager: they need administrator's rights, and change the machine.
func shop() service.Service {
	return service.Service{
		Name: "shop",
		Run: func(ctx context.Context, host *service.Host) error {
			host.Ready()
			<-ctx.Done()
			return nil
		},
		// The arguments are those by which the program comes to service.Run.
		Install: service.InstallOptions{Arguments: []string{"serve"}, Account: manager.AccountVirtual, DependsOn: []string{"postgresql"}},
	}
}

// The least service. The executable has verbs: shop install, shop start, shop status, shop run.
func ExampleMain() {
	service.Main(service.Service{Name: "shop", Run: func(ctx context.Context, host *service.Host) error {
		host.Ready()
		<-ctx.Done()
		return nil
	}})
}

// A second call changes what differs, and lists that.
func ExampleInstall() {
	changes, err := service.Install(context.Background(), shop())
	switch {
	case errors.Is(err, manager.ErrRights):
		log.Fatal("run it as an administrator: ", err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Print(changes)
}

func ExampleUninstall() {
	if _, err := service.Uninstall(context.Background(), shop()); err != nil && !errors.Is(err, manager.ErrNotInstalled) {
		log.Fatal(err)
	}
}

// It returns when the service is ready.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := service.Start(ctx, shop()); err != nil {
		log.Fatal(err)
	}
}

// It returns when the service's process has ended.
func ExampleStop() {
	if err := service.Stop(context.Background(), shop()); err != nil {
		log.Fatal(err)
	}
}

func ExampleRestart() {
	if err := service.Restart(context.Background(), shop()); err != nil {
		log.Fatal(err)
	}
}

func ExampleStatus() {
	status, err := service.Status(context.Background(), shop())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State) // "running", "stopped", "not installed" …
	if !status.Up() {
		os.Exit(service.ExitNotRunning)
	}
}

// A server is drained at a stop.
func ExampleHost_Serve() {
	service.Main(service.Service{Name: "web", Run: func(ctx context.Context, host *service.Host) error {
		l, err := host.Listen("tcp", ":8080") // of systemd or daruma, where they hand it over
		if err != nil {
			return err
		}
		return host.Serve(ctx, &http.Server{Handler: http.FileServer(http.Dir("."))}, l)
	}})
}

// Windows tells what happens to the machine.
func ExampleService_power() {
	s := shop()
	s.OnPower = func(_ context.Context, e winevent.Power) error {
		if e == winevent.PowerSuspend {
			fmt.Println("about to sleep")
		}
		return nil
	}
	service.Main(s)
}

// The zero Host is for unit tests.
func ExampleHost() {
	serve := func(host *service.Host) { host.SetStatus("warming up"); host.Ready() }
	serve(&service.Host{})
	fmt.Println("reported to nobody")
	// Output: reported to nobody
}

// An error has an exit code where it brings one.
func ExampleExitCode() {
	fmt.Println(service.ExitCode(nil), service.ExitCode(errors.New("no configuration")),
		service.ExitCode(service.WithExitCode(errors.New("no configuration"), 78)), service.ExitCode(&service.PanicError{In: "Run"}))
	// Output: 0 1 78 80
}
