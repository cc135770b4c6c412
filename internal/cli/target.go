package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
)

// target is what NAME[/PROGRAM] means.
type target struct {
	service string
	program string // "": the whole service
}

func (t target) String() string {
	if t.program == "" {
		return t.service
	}
	return t.service + "/" + t.program
}

// nameLike tells whether s has no other characters than the names of services and programs have.
func nameLike(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" }

// parseTarget splits NAME[/PROGRAM]; NAME may be empty.
func parseTarget(arg string) (target, error) {
	service, program, cut := strings.Cut(arg, "/")
	if cut && program == "" {
		return target{}, &exitError{code: ExitUsage, err: fmt.Errorf("%q names no program after the slash: write NAME or NAME/PROGRAM", arg)}
	}
	// The name becomes part of a path: nothing but what a definition allows.
	if !nameLike(service) {
		return target{}, &exitError{code: ExitUsage, err: fmt.Errorf("%q is no name of a service: they have lower-case letters, digits and hyphens", service)}
	}
	return target{service, program}, nil
}

// targetOf gives what the arguments name. Where NAME is left out and exactly one service runs, it is that one, and a line says so.
func targetOf(ctx context.Context, std IO, args []string) (target, error) {
	var t target
	if len(args) > 0 {
		var err error
		if t, err = parseTarget(args[0]); err != nil || t.service != "" {
			return t, err
		}
	}
	known, err := folders.Services()
	if err != nil {
		return t, servicesFailure(err)
	}
	running := runningOf(ctx, known)
	switch {
	case len(running) == 1:
		t.service = running[0]
		fmt.Fprintf(std.Err, "daruma: %s, the only service that runs here\n", t.service)
		return t, nil
	case len(running) > 1:
		return t, &exitError{code: ExitUsage, err: fmt.Errorf("several services run here, name one of them: %s", strings.Join(running, ", "))}
	case len(known) > 0:
		return t, &exitError{code: ExitNotRunning, err: fmt.Errorf("no service runs here; known are %s. Start one with: daruma run FILE", strings.Join(known, ", "))}
	}
	return t, noServices()
}

// runningOf gives those of the services that run; all are asked at once.
func runningOf(ctx context.Context, names []string) []string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	runs := make([]bool, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			c, err := control.Dial(name)
			if err == nil {
				_, err = c.Health(ctx)
			}
			// One that answers with anything, or that we may not ask, is there.
			runs[i] = !errors.Is(err, control.ErrNotRunning)
		})
	}
	wg.Wait()
	var running []string
	for i, name := range names {
		if runs[i] {
			running = append(running, name)
		}
	}
	return running
}

// knownServices lists the services that are known where the one asked for isn't, in brackets.
func knownServices(service string) string {
	known, _ := folders.Services()
	var names []string
	for _, name := range known {
		if name == service {
			return ""
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (known here: %s)", strings.Join(names, ", "))
}

// completeTarget completes NAME and, once only one is left, /PROGRAM where the service runs.
func completeTarget(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	service, _, slash := strings.Cut(typed, "/")
	names, _ := folders.Services()
	for _, name := range names {
		if strings.HasPrefix(name, typed) {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		service, slash = found[0], true
	}
	if slash && slices.Contains(names, service) {
		for _, p := range programsOf(service) {
			if full := service + "/" + p; strings.HasPrefix(full, typed) {
				found = append(found, full)
			}
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// programsOf asks a running service for its programs, and soon gives up: somebody has pressed the tab key and waits.
func programsOf(service string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	c, err := control.Dial(service)
	if err != nil {
		return nil
	}
	st, err := c.Status(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range st.Programs {
		if nameLike(p.Name) { // a shell completes with them: nothing that it would take for something else
			names = append(names, p.Name)
		}
	}
	return names
}
