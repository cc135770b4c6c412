// Command service-hello is the least service: on Windows, under systemd, in a container and in a terminal.
package main

import (
	"context"
	"github.com/daruma-sh/daruma"
)

func main() {
	daruma.Main(daruma.Service{Name: "hello", Run: func(ctx context.Context, host *daruma.Host) error {
		host.Ready()
		<-ctx.Done()
		return nil
	}})
}
