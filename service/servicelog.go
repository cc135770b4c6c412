package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/daruma-sh/daruma/service/log"
)

// serviceLogger is the logger of a service that brings none, and what writes the last of it at the end.
func serviceLogger(s Service, e Environment) (logger *slog.Logger, drain func(context.Context) error) {
	options := log.Options{Name: s.Name}
	if e == Terminal { // somebody tries it out: the machine's log is none of its business
		options.System = log.SystemOff
	}
	h, err := log.NewHandler(options)
	if err != nil { // stdout can't be duplicated: no descriptor is free
		fmt.Fprintln(os.Stderr, "daruma:", err)
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)), func(context.Context) error { return nil }
	}
	return slog.New(h), h.Close
}
