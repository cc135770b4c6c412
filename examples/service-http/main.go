// Command service-http is an HTTP server that answers what is in flight before it stops.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/daruma-sh/daruma/service"
)

func main() {
	service.Main(service.Service{Name: "count", Run: run})
}

func run(ctx context.Context, host *service.Host) error {
	listener, err := host.ListenNamed("http", "tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	return host.Serve(ctx, &http.Server{Handler: http.HandlerFunc(count)}, listener)
}

func count(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%d bytes\n", n)
}
