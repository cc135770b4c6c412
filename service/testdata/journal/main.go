// Command journal logs three records, for the test of a real journal.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/service"
)

func main() {
	h, err := daruma.NewLogHandler(daruma.LogOptions{Name: "shop"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	log := slog.New(h)
	log.Info("an info", "order", 7)
	log.Error("two\nlines", daruma.EventID(17), slog.Group("peer", "ip", "::1"))
	log.Warn("large", "text", strings.Repeat("large ", 100_000))
	if err := h.Close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}
