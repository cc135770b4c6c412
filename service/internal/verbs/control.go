package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// control is the verbs start, stop and restart.
func (c *command) control(ctx context.Context, args []string) error {
	options := c.options()
	timeout := timeoutOption(options)
	if err := c.parse(options, args, nil); err != nil {
		return err
	}
	s := c.service
	switch c.verb {
	case "start":
		return c.start(ctx, *timeout)
	case "stop":
		ctx, cancel := within(ctx, *timeout, s.StopTimeout)
		defer cancel()
		if err := c.manager.Stop(ctx, s.Name); err != nil {
			return err
		}
		c.print(c.stdout, "%s is stopped\n", s.Name)
	default:
		ctx, cancel := within(ctx, *timeout, s.StopTimeout+s.StartTimeout)
		defer cancel()
		if err := c.manager.Restart(ctx, s.Name); err != nil {
			return err
		}
		c.print(c.stdout, "%s is running\n", s.Name)
	}
	return nil
}

func (c *command) start(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := within(ctx, timeout, c.service.StartTimeout)
	defer cancel()
	if err := c.manager.Start(ctx, c.service.Name); err != nil {
		return err
	}
	c.print(c.stdout, "%s is running\n", c.service.Name)
	return nil
}

// status is the verb: exit code 3 unless the service runs. A service that isn't installed doesn't run either.
func (c *command) status(ctx context.Context, args []string) error {
	options := c.options()
	format := options.String("o", "text", "`format`: text or json")
	if err := c.parse(options, args, nil); err != nil {
		return err
	}
	if *format != "text" && *format != "json" {
		c.print(c.stderr, "%s status: -o takes text or json, not %q\n", program(), *format)
		return ErrUsage
	}
	status, err := c.manager.Status(ctx, c.service.Name)
	missing := errors.Is(err, manager.ErrNotInstalled)
	if err != nil && !missing {
		return err
	}
	if missing {
		status = manager.Status{Name: c.service.Name, State: manager.NotInstalled}
	}
	switch {
	case *format == "json":
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(status); err != nil {
			return err
		}
	case missing:
		c.print(c.stdout, "%s is not installed (%s install)\n", c.service.Name, program())
	default:
		c.print(c.stdout, "%s", status)
	}
	if !status.Up() {
		return ErrNotRunning
	}
	return nil
}
