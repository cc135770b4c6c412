// The service of docs/moving.md that was written for kardianos/service, in daruma's own form.
package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/daruma-sh/daruma/service"
)

func main() {
	service.Main(service.Service{
		Name:        "hello",
		Description: "Says hello.",
		StopTimeout: 20 * time.Second,
		Run:         run,
	})
}

func run(ctx context.Context, host *service.Host) error {
	l, err := host.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	return host.Serve(ctx, &http.Server{Handler: http.HandlerFunc(hello)}, l)
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }
