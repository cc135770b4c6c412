// Command service-hello is the least service: on Windows, under systemd, in a container and in a terminal.
package main

import (
	"context"
	"github.com/daruma-sh/daruma/service"
)

func main() {
	service.Main(service.Service{Name: "hello", Run: func(ctx context.Context, host *service.Host) error {
		host.Ready()
		<-ctx.Done()
		return nil
	}})
}
