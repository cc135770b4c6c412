package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// install is the verb: options overrule what Service.Install says.
func (c *command) install(ctx context.Context, args []string) error {
	in := &c.service.Install
	start := manager.StartType(in.StartType)
	var arguments []string
	options := c.options()
	options.TextVar(&start, "start-type", start, "automatic, delayed, manual or disabled")
	options.Func("depends-on", "start after this `service`; may be repeated, or a list with commas", func(text string) error {
		in.DependsOn = append(in.DependsOn[:len(in.DependsOn):len(in.DependsOn)], strings.Split(text, ",")...)
		return nil
	})
	dryRun := options.Bool("dry-run", false, "only show what would change")
	now := options.Bool("now", false, "start it at once, and wait until it is ready")
	options.BoolVar(&c.manager.Overwrite, "overwrite", false, "take over a service of this name that something else installed")
	timeout := timeoutOption(options)
	if err := c.parse(options, args, &arguments); err != nil {
		return err
	}
	if len(arguments) > 0 {
		in.Arguments = arguments
	}
	if *now && start == manager.Disabled {
		c.tell(c.stderr, "%s install: --now can't start what --start-type disabled keeps from starting\n", program())
		return errUsage
	}
	in.StartType = StartType(start)
	executable, err := thisExecutable()
	if err != nil {
		return err
	}
	spec := c.service.spec(executable)
	if *dryRun {
		changes, err := c.manager.Plan(ctx, spec)
		if err == nil {
			c.tellChanges("would be", changes)
		}
		return err
	}
	changes, err := c.manager.Install(ctx, spec)
	if err != nil {
		return err
	}
	c.tellChanges("is", changes)
	if !*now {
		return nil
	}
	return c.start(ctx, *timeout)
}

func (c *command) tellChanges(verb string, changes manager.Changes) {
	switch {
	case changes.None():
		c.tell(c.stdout, "%s is installed as it should be\n%s", c.service.Name, changes)
	case changes.Created:
		c.tell(c.stdout, "%s %s installed:\n%s", c.service.Name, verb, changes)
	case changes.Removed:
		c.tell(c.stdout, "%s %s uninstalled\n%s", c.service.Name, verb, changes)
	default:
		c.tell(c.stdout, "%s %s changed:\n%s", c.service.Name, verb, changes)
	}
}

func (c *command) uninstall(ctx context.Context, args []string) error {
	options := c.options()
	options.BoolVar(&c.manager.Overwrite, "overwrite", false, "remove it even if something else installed it")
	timeout := timeoutOption(options)
	if err := c.parse(options, args, nil); err != nil {
		return err
	}
	ctx, cancel := c.within(ctx, *timeout, c.service.withDefaults().StopTimeout)
	defer cancel()
	changes, err := c.manager.Uninstall(ctx, c.service.Name)
	if err == nil {
		c.tellChanges("is", changes)
	}
	return err
}

// within bounds a wait: by what the user said, else by the service's own time and half a minute for everything around it
// (Windows gives a new process 30 s to connect).
func (c *command) within(ctx context.Context, said, own time.Duration) (context.Context, context.CancelFunc) {
	if said <= 0 {
		said = own + grace + 30*time.Second
	}
	return context.WithTimeoutCause(ctx, said, fmt.Errorf("not done after %v", said))
}
