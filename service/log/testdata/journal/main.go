// Command journal logs three records, for the test of a real journal.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/service/log"
)

func main() {
	h, err := log.NewHandler(log.Options{Name: "shop"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	logger := slog.New(h)
	logger.Info("an info", "order", 7)
	logger.Error("two\nlines", log.EventID(17), slog.Group("peer", "ip", "::1"))
	logger.Warn("large", "text", strings.Repeat("large ", 100_000))
	if err := h.Close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}
