// Command api is the web half of the example shop: it takes orders, hands them to the worker, and can be made to
// crash, hang, leak or lose its readiness on request.
//
// It is an ordinary program: nothing in it knows of daruma.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	addr := flag.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 takes a free one")
	data := flag.String("data", "", "`folder` of the journal of orders; without one orders live in memory")
	boot := flag.Duration("boot", 0, "how long to pretend to start up before listening")
	flag.Parse()
	if err := run(*addr, *data, *boot); err != nil {
		log.Fatalf("api: %v", err)
	}
}

func run(addr, data string, boot time.Duration) error {
	// The signal is watched from the first line: a stop during a slow start is obeyed as well.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	book, err := openBook(data)
	if err != nil {
		return err
	}
	defer book.close()
	log.Printf("pid %d", os.Getpid())
	select {
	case <-time.After(boot):
	case <-ctx.Done():
		return nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w (another shop running? SHOP_PORT chooses another port)", err)
	}
	log.Printf("listening on %s", listener.Addr())

	shop := newShop(book)
	server := &http.Server{Handler: shop.routes(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping: finishing the requests under way")
	shop.falls.release() // a hung /health would hold Shutdown up
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	log.Print("stopped")
	return nil
}
